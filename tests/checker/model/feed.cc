#include "tests/checker/model/feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checker/pair_checker.h"

namespace dcp::checker::test {
namespace {

using model::ChangeBatch;

const model::Table* TableNamed(const std::string& name, bool keyless) {
  static auto* const registry = new model::TableRegistry;
  return registry->Intern({name, {"id"}, keyless});
}

void AddChange(const PlainChange& plain, ChangeBatch& batch) {
  model::Change change;
  change.table = TableNamed(plain.table, plain.relative);
  change.key = model::Xxh3(plain.key);
  change.before = plain.before;
  change.after = plain.after;
  change.op = plain.op;
  change.relative = plain.relative;
  change.delta = plain.delta;
  change.key_text = {static_cast<uint32_t>(batch.bytes.size()),
                     static_cast<uint32_t>(plain.key.size())};
  batch.bytes.append(plain.key);
  batch.changes.push_back(change);
}

void AddMark(const model::Mark& plain, ChangeBatch& batch) {
  model::Mark mark = plain;
  mark.at = static_cast<uint32_t>(batch.changes.size());
  batch.marks.push_back(std::move(mark));
}

void AddTxn(const PlainTxn& plain, ChangeBatch& batch) {
  model::Txn txn;
  txn.gtid = plain.gtid;
  txn.changes_begin = static_cast<uint32_t>(batch.changes.size());
  txn.marks_begin = static_cast<uint32_t>(batch.marks.size());
  for (const auto& entry : plain.entries) {
    if (const auto* change = std::get_if<PlainChange>(&entry)) {
      AddChange(*change, batch);
    } else {
      AddMark(std::get<model::Mark>(entry), batch);
    }
  }
  txn.changes_end = static_cast<uint32_t>(batch.changes.size());
  txn.marks_end = static_cast<uint32_t>(batch.marks.size());
  batch.txns.push_back(txn);
}

Said SaidOf(const model::Verdict& verdict) {
  Said said;
  said.kind = verdict.kind == model::Verdict::Kind::kSame   ? Said::Kind::kSame
              : verdict.kind == model::Verdict::Kind::kDiff ? Said::Kind::kDiff
                                                            : Said::Kind::kUnverified;
  said.epoch = verdict.head.epoch;
  said.from = verdict.head.from;
  said.to = verdict.head.to;
  said.reason = verdict.unverified_reason;
  said.known = verdict.known;
  for (const model::RowDiff& row : verdict.diffs) said.rows[row.key_text] = row.kind;
  if (said.rows.size() != verdict.diff_count) said.reason += " WRONG diff_count";
  return said;
}

Said SaidOf(const model::Resolved& resolved) {
  Said said;
  said.kind = Said::Kind::kResolved;
  said.resolved.insert(resolved.keys.begin(), resolved.keys.end());
  return said;
}

Said SaidOf(const model::Timeout&) {
  Said said;
  said.kind = Said::Kind::kResolved;
  said.resolved.insert("UNEXPECTED timeout");
  return said;
}

class Feeder {
 public:
  Feeder(const PairOptions& options, Random& random) : checker_(options), random_(random) {}

  // Feeds the next items of `stream` from `*at` on: one batch, or an origin.
  void FeedNext(Side side, const Stream& stream, size_t* at) {
    if (const auto* origin = std::get_if<model::StreamOrigin>(&stream[*at])) {
      checker_.Open(side, *origin, now_);
      ++*at;
    } else {
      auto batch = std::make_shared<ChangeBatch>();
      const uint64_t most = random_.Below(6);
      for (uint64_t n = 0; n <= most && IsTxn(stream, *at); ++n, ++*at) {
        AddTxn(std::get<PlainTxn>(stream[*at]), *batch);
      }
      checker_.Append(side, std::move(batch), now_);
    }
    for (const model::Outcome& outcome : checker_.TakeOutcomes()) Collect(outcome);
  }

  std::vector<Said> TakeSaid() { return std::move(said_); }

 private:
  static bool IsTxn(const Stream& stream, size_t at) {
    return at < stream.size() && std::holds_alternative<PlainTxn>(stream[at]);
  }

  // `resolved` that stand together are one thing said.
  void Collect(const model::Outcome& outcome) {
    const Said said = std::visit([](const auto& o) { return SaidOf(o); }, outcome);
    if (said.kind == Said::Kind::kResolved && !said_.empty() &&
        said_.back().kind == Said::Kind::kResolved) {
      said_.back().resolved.insert(said.resolved.begin(), said.resolved.end());
    } else {
      said_.push_back(said);
    }
  }

  PairChecker checker_;
  Random& random_;
  const Instant now_{absl::FromUnixSeconds(1'700'000'000), absl::Seconds(1)};
  std::vector<Said> said_;
};

}  // namespace

std::vector<Said> Feed(const PairOptions& options, const Stream& source, const Stream& target,
                       Interleaving interleaving, Random& random) {
  Feeder feeder(options, random);
  size_t s = 0;
  size_t t = 0;
  const uint64_t source_percent = interleaving == Interleaving::kSourceFirst ? 100
                                  : interleaving == Interleaving::kTargetFirst
                                      ? 0
                                      : 10 + random.Below(81);
  while (s < source.size() || t < target.size()) {
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
