#include "tests/checker/model/history_generator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/barrier_applier.h"
#include "tests/checker/model/gtid_applier.h"
#include "tests/checker/model/history_maker.h"

namespace dcp::checker::test {

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

History Generate(Theme theme, uint64_t seed) {
  switch (theme) {
    case Theme::kGtid:
    case Theme::kGtidFaults:
    case Theme::kMariaDb:
    case Theme::kMariaDbFaults:
      return MakeGtidHistory(theme, seed);
    case Theme::kExact:
    case Theme::kLateness:
    case Theme::kReplay:
    case Theme::kRestart:
    case Theme::kFaults:
      break;
  }
  return MakeBarrierHistory(theme, seed);
}

void AppendQuietBarriers(uint64_t from, uint64_t count, Stream* source, Stream* target) {
  const bool mariadb = std::any_of(source->begin(), source->end(), [](const StreamItem& item) {
    const auto* txn = std::get_if<PlainTxn>(&item);
    return txn != nullptr && txn->gtid.source.mariadb();
  });
  for (uint64_t i = 0; i < count; ++i) {
    PlainTxn txn;
    txn.gtid = GtidOf(kSourceServer, 1'000'000 + i);
    if (mariadb) txn.gtid.source = model::GtidSource::MariaDb(0, kSourceServer);
    model::Mark mark;
    mark.barrier_offset = from + i;
    txn.entries.push_back(mark);
    source->push_back(txn);
    target->push_back(txn);
  }
}

std::string Dump(const History& history) {
  const PairOptions& options = history.options;
  return absl::StrCat("seed ", history.seed, "  align ",
                      options.align == Align::kAuto   ? "auto"
                      : options.align == Align::kGtid ? "gtid"
                                                      : "barrier",
                      "  N ", options.lateness, "  history ", options.history, "\n", history.notes,
                      "\nsource\n", Dump(history.source), "target\n", Dump(history.target));
}

}  // namespace dcp::checker::test
