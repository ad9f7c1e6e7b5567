#include "tests/checker/model/feed.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checker/pair_checker.h"
#include "tests/checker/fake_spill_store.h"
#include "tests/checker/model/plain_batch.h"
#include "tests/support/status_matchers.h"

namespace dcp::checker::test {
namespace {

using model::ChangeBatch;

constexpr uint64_t kSoon = 6;

// A place is an index in the stream.
model::Place PlaceAt(size_t at) { return std::make_shared<const std::string>(absl::StrCat(at)); }

size_t IndexOf(const std::string& place) {
  size_t at = 0;
  EXPECT_TRUE(absl::SimpleAtoi(place, &at));
  return at;
}

class Feeder {
 public:
  Feeder(const PairOptions& options, Random& random, const FeedMemory& memory)
      : options_(options), memory_(memory), checker_(MakeChecker()), random_(random) {}

  // Feeds the next items of `stream` from `*at` on: one batch, or an origin.
  void FeedNext(Side side, const Stream& stream, size_t* at) {
    if (const auto* origin = std::get_if<model::StreamOrigin>(&stream[*at])) {
      model::StreamOrigin opened = *origin;
      opened.place = PlaceAt(*at + 1);
      checker_->Open(side, std::move(opened), now_);
      ++*at;
    } else {
      auto batch = std::make_shared<ChangeBatch>();
      const uint64_t most = random_.Below(6);
      for (uint64_t n = 0; n <= most && IsTxn(stream, *at); ++n, ++*at) {
        AddTxn(std::get<PlainTxn>(stream[*at]), PlaceAt(*at), *batch);
      }
      checker_->Append(side, std::move(batch), now_);
    }
    if (memory_.spills) {
      EXPECT_OK(checker_->Spill(UINT64_MAX));
    }
    EXPECT_OK(checker_->failure());
    model::Report report = checker_->TakeReport();
    for (const model::Outcome& outcome : report.outcomes) Collect(SaidOf(outcome), &said_);
    Store(std::move(report.update));
  }

  // As if the program had been killed and started again; false where what is stored has
  // no run to go on with.
  bool Restart(const Stream& source, const Stream& target, size_t* s, size_t* t) {
    if (!stored_.state.run) return false;
    model::StoredPair stored = stored_;
    stored.findings.clear();
    for (const auto& [key, finding] : findings_) stored.findings.push_back(finding);
    checker_ = MakeChecker();
    checker_->Restore(stored);
    *s = IndexOf(stored.state.run->source_place);
    *t = IndexOf(stored.state.run->target_place);
    checker_->Open(Side::kSource, OriginAt(source, *s, PlaceAt(*s)), now_);
    checker_->Open(Side::kTarget, OriginAt(target, *t, PlaceAt(*t)), now_);
    return true;
  }

  std::vector<Said> TakeSaid() { return std::move(said_); }

 private:
  std::unique_ptr<PairChecker> MakeChecker() const {
    PairOptions options = options_;
    if (memory_.spills) options.keys_per_turn = 1;
    auto checker = std::make_unique<PairChecker>(options);
    checker->SetMaxKeyBytes(memory_.max_key_bytes);
    if (!memory_.spills) return checker;
    for (const Side side : {Side::kSource, Side::kTarget}) {
      checker->SetStore(side, std::make_unique<FakeSpillStore>(memory_.spilled));
    }
    return checker;
  }

  static bool IsTxn(const Stream& stream, size_t at) {
    return at < stream.size() && std::holds_alternative<PlainTxn>(stream[at]);
  }

  void Store(model::PairUpdate update) {
    if (update.state) stored_.state = *std::move(update.state);
    for (model::OpenFinding& finding : update.findings) {
      findings_.insert_or_assign(finding.key, std::move(finding));
    }
    for (const model::Digest& key : update.closed) findings_.erase(key);
  }

  const PairOptions options_;
  const FeedMemory memory_;
  std::unique_ptr<PairChecker> checker_;
  model::StoredPair stored_;
  absl::flat_hash_map<model::Digest, model::OpenFinding> findings_;  // stored
  Random& random_;
  const Instant now_{absl::FromUnixSeconds(1'700'000'000), absl::Seconds(1)};
  std::vector<Said> said_;
};

}  // namespace

std::vector<Said> Feed(const PairOptions& options, const Stream& source, const Stream& target,
                       Interleaving interleaving, Random& random, uint64_t restarts,
                       const FeedMemory& memory) {
  Feeder feeder(options, random, memory);
  size_t s = 0;
  size_t t = 0;
  const uint64_t source_percent = interleaving == Interleaving::kSourceFirst ? 100
                                  : interleaving == Interleaving::kTargetFirst
                                      ? 0
                                      : 10 + random.Below(81);
  const uint64_t restart_every = (source.size() + target.size()) / (restarts + 1) + 1;
  uint64_t fed = kSoon;  // since the last restart
  while (s < source.size() || t < target.size()) {
    // Some follow soon, before the run has come again to where it was.
    if (restarts > 0 && random.Below(fed < kSoon ? kSoon : restart_every) == 0 &&
        feeder.Restart(source, target, &s, &t)) {
      --restarts;
      fed = 0;
    }
    ++fed;
    const bool from_source =
        t == target.size() || (s < source.size() && random.Percent(source_percent));
    if (from_source) {
      feeder.FeedNext(Side::kSource, source, &s);
    } else {
      feeder.FeedNext(Side::kTarget, target, &t);
    }
  }
  return feeder.TakeSaid();
}

}  // namespace dcp::checker::test
