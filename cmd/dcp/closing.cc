#include "cmd/dcp/closing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/exit_code.h"

namespace dcp::cmd {
namespace {

std::string Counted(uint64_t n, const char* what) {
  return absl::StrCat(n, " ", what, n == 1 ? "" : "s");
}

uint64_t LastCommon(const checker::PairStatus& pair) {
  return std::min(pair.source_barrier, pair.target_barrier);
}

// Both sides have passed barriers up to which nothing is said.
bool IsUndecided(const checker::PairStatus& pair) { return LastCommon(pair) > pair.last_judged; }

std::string Barriers(uint64_t offset) { return offset == 0 ? "none" : absl::StrCat(offset); }

std::string NothingJudged(const CheckRunner::TargetStatus& status) {
  const checker::PairStatus& pair = status.pair;
  if (!pair.running) {
    return absl::StrCat(
        "nothing was judged: the files of both sides have to show the same barrier twice at least "
        "(the last of the source is ",
        Barriers(pair.source_barrier), ", of the target ", Barriers(pair.target_barrier), ")");
  }
  return "nothing was judged: no segment is whole on both sides";
}

// What stands in the files and no verdict is about.
std::string NotJudged(const CheckRunner::TargetStatus& status) {
  const checker::PairStatus& pair = status.pair;
  std::string text;
  const auto add = [&](const std::string& part) {
    absl::StrAppend(&text, text.empty() ? "; not judged: " : ", ", part);
  };
  if (pair.dropped_before_start > 0) {
    add(absl::StrCat(Counted(pair.dropped_before_start, "change"),
                     " before the first common barrier"));
  }
  const uint64_t judged = std::max(pair.last_judged, LastCommon(pair));
  if (pair.source_barrier > judged) {
    add(absl::StrCat("the source behind barrier ", judged, " up to ", pair.source_barrier,
                     ", where the target's files end"));
  }
  if (pair.target_barrier > judged) {
    add(absl::StrCat("the target behind barrier ", judged, " up to ", pair.target_barrier,
                     ", where the source's files end"));
  }
  if (pair.source_open_changes > 0) {
    add(absl::StrCat(Counted(pair.source_open_changes, "change"),
                     " of the source behind its last barrier"));
  }
  if (pair.target_open_changes > 0) {
    add(absl::StrCat(Counted(pair.target_open_changes, "change"),
                     " of the target behind its last barrier"));
  }
  if (status.left_out > 0) {
    add(absl::StrCat(Counted(status.left_out, "change"), " more that found no room"));
  }
  return text;
}

std::string Undecided(const checker::PairStatus& pair) {
  return absl::StrCat("; undecided: both sides went on to barrier ", LastCommon(pair),
                      ", but up to barrier ", pair.last_judged, " only is decided: ",
                      pair.pending_segments > 0
                          ? "the target's files lack transactions of the source from there on"
                          : "rows are not settled there, and more barriers would tell");
}

Closing::Line LineOf(const ClosedPair& closed) {
  const CheckRunner::TargetStatus& status = closed.status;
  const bool judged = status.same + status.diff + status.unverified > 0;
  Closing::Line line;
  line.good = judged && status.diff + status.unverified == 0 && !IsUndecided(status.pair);
  line.text =
      absl::StrCat("check ", closed.check, " ", closed.source, " -> ", status.target.value(), ": ");
  if (judged) {
    absl::StrAppend(&line.text, "same ", status.same, ", diff ", status.diff, ", unverified ",
                    status.unverified, " up to barrier ", status.pair.last_judged,
                    " (align: ", status.pair.align_reason, ")");
  } else {
    absl::StrAppend(&line.text, NothingJudged(status));
  }
  if (judged && IsUndecided(status.pair)) absl::StrAppend(&line.text, Undecided(status.pair));
  absl::StrAppend(&line.text, NotJudged(status));
  return line;
}

Closing::Line LineOf(const ClosedStream& closed) {
  const collector::MysqlCollectorStatus& status = closed.status;
  Closing::Line line;
  line.good = status.last_error.empty() && status.gaps == 0;
  line.text = absl::StrCat("collector ", closed.collector, ": ", Counted(status.rows, "row"),
                           ", read up to ", status.position.file, ":", status.position.offset);
  if (status.gaps > 0) {
    absl::StrAppend(&line.text, "; continuity was lost ", Counted(status.gaps, "time"));
  }
  if (!status.last_error.empty()) {
    absl::StrAppend(&line.text, "; what follows could not be read: ", status.last_error);
  }
  return line;
}

}  // namespace

Closing CloseRun(const std::vector<ClosedPair>& pairs, const std::vector<ClosedStream>& streams) {
  Closing closing;
  for (const ClosedPair& pair : pairs) closing.lines.push_back(LineOf(pair));
  for (const ClosedStream& stream : streams) closing.lines.push_back(LineOf(stream));
  const bool good = std::all_of(closing.lines.begin(), closing.lines.end(),
                                [](const Closing::Line& line) { return line.good; });
  closing.exit_code = good ? kExitOk : kExitDifferent;
  return closing;
}

}  // namespace dcp::cmd
