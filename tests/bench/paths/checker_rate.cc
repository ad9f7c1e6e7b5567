// Two tags that hold the same, judged by one PairChecker on one core, without collectors.
//
//   checker_rate rate CHANGES       half on either tag, a barrier every 1,000: prints {"changes",
//   "cpu_seconds"} checker_rate pending CHANGES    the source's alone, which wait: prints
//   {"changes", "held_bytes", "peak_bytes",
//                                   "key_bytes"}, beside what the empty program had
//   checker_rate agreed CHANGES     then the target's too: the steady state, what is remembered of
//   keys
//
// Keys are of eight bytes as MySQL stores them; contents are not kept (`capture = "key"`).
#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checker/pair_checker.h"
#include "model/table.h"
#include "row/key.h"

namespace dcp::bench {
namespace {

constexpr uint64_t kPerTxn = 100, kPerSegment = 1'000;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

uint64_t HeldBytes() {
  const struct mallinfo2 held = mallinfo2();
  return held.uordblks + held.hblkhd;
}

uint64_t PeakBytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<uint64_t>(used.ru_maxrss) * 1024;
}

// One segment of inserts, as a collector makes it, and the barrier behind it.
model::ChangeBatchPtr MakeSegment(const model::Table* table, uint64_t first, uint64_t barrier) {
  auto batch = std::make_shared<model::ChangeBatch>();
  batch->files = {"binlog.000001"};
  for (uint64_t i = 0; i < kPerSegment; ++i) {
    const uint64_t row = 1'000'000'000'000'000'000 + first + i;
    model::Change change;
    change.table = table;
    const size_t offset = batch->bytes.size();
    absl::StrAppend(&batch->bytes, "t[", row, "]");
    change.key_text = {static_cast<uint32_t>(offset),
                       static_cast<uint32_t>(batch->bytes.size() - offset)};
    change.key = row::KeyDigest(batch->text(change.key_text));
    change.before = model::Version::Absent();
    change.after = model::Version::Content({row * 0x9e3779b97f4a7c15, row});
    batch->changes.push_back(change);
    if ((i + 1) % kPerTxn != 0) continue;
    model::Txn txn;
    txn.end_offset = (first + i) * 200;
    txn.changes_begin = static_cast<uint32_t>(batch->changes.size() - kPerTxn);
    txn.changes_end = static_cast<uint32_t>(batch->changes.size());
    batch->txns.push_back(txn);
  }
  model::Mark mark;
  mark.at = static_cast<uint32_t>(batch->changes.size());
  mark.barrier_offset = barrier;
  batch->marks.push_back(mark);
  model::Txn txn;
  txn.changes_begin = txn.changes_end = mark.at;
  txn.marks_end = 1;
  batch->txns.push_back(txn);
  batch->bytes.shrink_to_fit();
  batch->changes.shrink_to_fit();
  return batch;
}

class Bench {
 public:
  Bench() : pair_(Options()) {
    for (const checker::Side side : {checker::Side::kSource, checker::Side::kTarget}) {
      pair_.Open(side, {}, now_);
      Append(side, MakeSegment(table_, 0, 1));  // where both begin
    }
    pair_.TakeReport();
  }

  // CPU seconds of the checker alone.
  double Append(checker::Side side, model::ChangeBatchPtr batch) {
    const double begin = CpuSeconds();
    pair_.Append(side, std::move(batch), now_);
    for (const model::Outcome& outcome : pair_.TakeReport().outcomes) {
      const auto* verdict = std::get_if<model::Verdict>(&outcome);
      same_ += verdict != nullptr && verdict->kind == model::Verdict::Kind::kSame ? 1 : 0;
    }
    return CpuSeconds() - begin;
  }
  double AppendSegment(checker::Side side, uint64_t segment) {
    return Append(side, MakeSegment(table_, segment * kPerSegment, segment + 1));
  }
  uint64_t same() const { return same_; }

 private:
  static checker::PairOptions Options() {
    checker::PairOptions options;
    options.check = "bench";
    options.source = model::Tag("a");
    options.target = model::Tag("b");
    options.align = checker::Align::kBarrier;
    return options;
  }

  const checker::Instant now_{absl::FromUnixSeconds(1'700'000'000), absl::ZeroDuration()};
  model::TableRegistry tables_;
  const model::Table* const table_ = tables_.Intern({.name = "t", .columns = {}});
  checker::PairChecker pair_;
  uint64_t same_ = 0;
};

int Rate(uint64_t segments) {
  Bench bench;
  double seconds = 0;
  for (uint64_t i = 1; i <= segments; ++i) {
    seconds += bench.AppendSegment(checker::Side::kSource, i);
    seconds += bench.AppendSegment(checker::Side::kTarget, i);
  }
  if (bench.same() + 3 < segments) return 1;
  std::printf("{\"changes\": %llu, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(2 * segments * kPerSegment), seconds);
  return 0;
}

int Pending(uint64_t segments, bool agreed) {
  Bench bench;
  const uint64_t before = HeldBytes(), peak = PeakBytes();
  for (uint64_t i = 1; i <= segments; ++i) bench.AppendSegment(checker::Side::kSource, i);
  if (agreed) {
    for (uint64_t i = 1; i <= segments; ++i) bench.AppendSegment(checker::Side::kTarget, i);
    if (bench.same() + 3 < segments) return 1;
  }
  std::printf(
      "{\"changes\": %llu, \"held_bytes\": %llu, \"peak_bytes\": %llu, \"key_bytes\": 22}\n",
      static_cast<unsigned long long>(segments * kPerSegment),
      static_cast<unsigned long long>(HeldBytes() - before),
      static_cast<unsigned long long>(PeakBytes() - peak));
  return 0;
}

}  // namespace
}  // namespace dcp::bench

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  const uint64_t segments =
      argc == 3 ? std::strtoull(argv[2], nullptr, 10) / dcp::bench::kPerSegment : 0;
  if (segments == 0) return 64;
  if (mode == "rate") return dcp::bench::Rate(segments);
  if (mode == "pending" || mode == "agreed") return dcp::bench::Pending(segments, mode == "agreed");
  return 64;
}
