#include "alarm/alarm_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "alarm/common.h"
#include "alarm/evidence.h"
#include "alarm/text.h"
#include "model/job_run.h"

namespace dcp::alarm {
namespace {

// What one line names of a list; the JSON has them all.
constexpr size_t kShownItems = 3;

bool IsOfJob(const model::OutcomeHead& head) { return head.epoch == model::kJobEpoch; }

std::string Head(const char* word, const model::OutcomeHead& head) {
  return absl::StrCat(word, " ", Readable(head.check), " ", Readable(head.source), "->",
                      Readable(head.target),
                      IsOfJob(head) ? absl::StrCat(" run ", head.to)
                                    : absl::StrCat(" segment ", head.from, "..", head.to));
}

std::string Rows(uint64_t count) { return absl::StrCat(count, count == 1 ? " row" : " rows"); }

std::string AndMore(uint64_t more) {
  return more == 0 ? "" : absl::StrCat("; and ", more, " more");
}

// "INSERT", "UPDATE to", "DELETE of": the words before the row that the change tells.
std::string OpText(const model::ChangeEvidence& change) {
  std::string word = OpWord(change.op);
  if (change.content.empty()) return word;
  if (change.op == model::Op::kUpdate) return word + " to";
  if (change.op == model::Op::kDelete) return word + " of";
  return word;
}

// What the side's last change was: "INSERT [42,"x"] in uuid:7", "DELETE in uuid:8".
std::string ChangeText(const model::ChangeEvidence& change, const model::RowRenderer& renderer) {
  std::vector<std::string> parts;
  if (*OpWord(change.op) != '\0') parts.push_back(OpText(change));
  if (!change.content.empty()) parts.push_back(Readable(renderer.Json(change.content)));
  if (!change.txn.empty()) {
    parts.push_back(absl::StrCat("in ", Readable(change.txn)));
  } else if (!change.file.empty()) {
    parts.push_back(absl::StrCat("at ", Readable(change.file), ":", change.offset));
  }
  return parts.empty() ? "a change" : absl::StrJoin(parts, " ");
}

// No change of a side in this segment says nothing of its row.
std::string SideText(const char* side, const std::optional<model::ChangeEvidence>& change,
                     const model::RowRenderer& renderer) {
  return absl::StrCat(side, " ",
                      change ? ChangeText(*change, renderer) : "did not touch it in this segment");
}

std::string PresentText(const char* side, const model::PresentRow& row,
                        const model::RowRenderer& renderer) {
  return absl::StrCat(side, " ",
                      !row.exists           ? "has no such row"
                      : row.content.empty() ? "has the row"
                                            : Readable(renderer.Json(row.content)));
}

// "now: source [42,"x"], target has no such row"; "" when neither side was read.
std::string NowText(const model::RowDiff& diff, const model::RowRenderer& renderer) {
  std::vector<std::string> sides;
  if (diff.source_present) sides.push_back(PresentText("source", *diff.source_present, renderer));
  if (diff.target_present) sides.push_back(PresentText("target", *diff.target_present, renderer));
  return sides.empty() ? "" : absl::StrCat("; now: ", absl::StrJoin(sides, ", "));
}

std::string DdlSide(const char* side, const std::optional<model::ChangeEvidence>& change) {
  if (!change) return absl::StrCat(side, " did not");
  return absl::StrCat(side, " ran it",
                      change->txn.empty() ? "" : absl::StrCat(" in ", Readable(change->txn)));
}

std::string DdlText(const model::RowDiff& diff) {
  return absl::StrCat("ddl ", Readable(diff.key_text), ": ", DdlSide("source", diff.source), "; ",
                      DdlSide("target", diff.target),
                      diff.detail.empty() ? "" : absl::StrCat(": ", Readable(diff.detail, 500)));
}

std::string RowText(const model::RowDiff& diff, const Rendering& renderer) {
  if (diff.kind == model::DiffKind::kDdl) return DdlText(diff);
  const ShownRows rows = renderer.For(diff);
  std::string out = absl::StrCat(model::ToString(diff.kind), " ", Readable(rows.key_text()));
  // Who compares tables sees no changes.
  if (diff.source || diff.target) {
    absl::StrAppend(&out, ": ", SideText("source", diff.source, rows), "; ",
                    SideText("target", diff.target, rows));
  }
  out += NowText(diff, rows);
  const std::vector<std::string> columns = DifferingColumns(diff, rows);
  if (!columns.empty()) {
    absl::StrAppend(&out, "; differs in ", Readable(absl::StrJoin(columns, ", ")));
  }
  if (!diff.detail.empty()) absl::StrAppend(&out, "; ", Readable(diff.detail));
  return out;
}

std::string KnownText(uint64_t known, bool of_job) {
  return absl::StrCat(Rows(known), " known to differ ", of_job ? "not equal yet" : "touched again");
}

// Where one line does not name every row.
std::string InCommon(const model::Verdict& verdict, const Rendering& renderer) {
  if (verdict.diffs.size() <= kShownItems) return "";
  std::vector<RowFacts> rows;
  for (const model::RowDiff& diff : verdict.diffs) rows.push_back(FactsOf(diff, renderer));
  const std::string common = CommonText(rows);
  return common.empty() ? "" : absl::StrCat("; in common: ", common);
}

std::string DiffRows(const model::Verdict& verdict, const Rendering& renderer) {
  const size_t shown = std::min(kShownItems, verdict.diffs.size());
  std::vector<std::string> texts;
  for (size_t i = 0; i < shown; ++i) texts.push_back(RowText(verdict.diffs[i], renderer));
  const uint64_t more = verdict.diff_count > shown ? verdict.diff_count - shown : 0;
  return absl::StrCat(Rows(verdict.diff_count), texts.empty() ? "" : ": ",
                      absl::StrJoin(texts, "; "), AndMore(more), InCommon(verdict, renderer));
}

// What a reader may make of the reason's word without the manual at hand.
std::string UnverifiedWhat(const model::Verdict& verdict) {
  if (verdict.unverified_table.empty() && IsOfJob(verdict.head)) return "some of it";
  return verdict.unverified_table.empty()
             ? "what changed"
             : absl::StrCat("table ", Readable(verdict.unverified_table));
}

}  // namespace

std::string SameText(const model::Verdict& verdict) {
  if (IsOfJob(verdict.head)) {
    return absl::StrCat(Head("SAME", verdict.head), ": ", Rows(verdict.source_rows), " compared");
  }
  return absl::StrCat(Head("SAME", verdict.head), ": ", Rows(verdict.source_rows),
                      " changed on the source, ", verdict.target_rows, " on the target",
                      verdict.late ? " (late)" : "");
}

std::string DiffText(const model::Verdict& verdict, const Rendering& renderer) {
  std::vector<std::string> parts;
  if (verdict.diff_count > 0) parts.push_back(DiffRows(verdict, renderer));
  if (verdict.known > 0) {
    parts.push_back(KnownText(verdict.known, IsOfJob(verdict.head)));
  }
  if (verdict.ignored > 0) parts.push_back(absl::StrCat(Rows(verdict.ignored), " ignored"));
  if (verdict.late) parts.emplace_back("the target was late");
  return absl::StrCat(Head("DIFF", verdict.head), ": ", absl::StrJoin(parts, "; "));
}

std::string UnverifiedText(const model::Verdict& verdict) {
  const std::string detail = verdict.unverified_detail.empty()
                                 ? ""
                                 : absl::StrCat(": ", Readable(verdict.unverified_detail, 500));
  return absl::StrCat(Head("UNVERIFIED", verdict.head), ": ", UnverifiedWhat(verdict),
                      " could not be compared (", Readable(verdict.unverified_reason), ")", detail);
}

std::string TimeoutText(const model::Timeout& timeout) {
  const std::string last = timeout.last_barrier == 0
                               ? "it has sent no barrier yet"
                               : absl::StrCat("its last barrier is ", timeout.last_barrier);
  const std::string detail =
      timeout.detail.empty() ? "" : absl::StrCat("; ", Readable(timeout.detail, 500));
  const absl::Duration lag = absl::Trunc(timeout.lag, absl::Milliseconds(1));
  if (timeout.of_source) {
    return absl::StrCat(Head("TIMEOUT", timeout.head), ": the source has sent no barrier for ",
                        absl::FormatDuration(lag), ", so nothing is compared; ", last, detail);
  }
  return absl::StrCat(Head("TIMEOUT", timeout.head), ": the target is ", absl::FormatDuration(lag),
                      " behind; ", last, detail);
}

std::string ResolvedText(const model::Resolved& resolved, const Rendering& renderer) {
  const std::string head = Head("RESOLVED", resolved.head);
  if (resolved.keys.empty()) {
    return absl::StrCat(
        head,
        resolved.of_source ? ": the source sends barriers again" : ": the target is no longer late",
        "; ends timeout ", Readable(absl::StrJoin(resolved.resolves, ", ")));
  }
  const size_t shown = std::min(kShownItems, resolved.keys.size());
  std::vector<std::string> keys = renderer.Keys(
      {resolved.keys.begin(), resolved.keys.begin() + static_cast<std::ptrdiff_t>(shown)});
  for (std::string& key : keys) key = Readable(key);
  return absl::StrCat(
      head, ": ", Rows(resolved.keys.size()), " equal again: ", absl::StrJoin(keys, ", "),
      AndMore(resolved.keys.size() - shown),
      resolved.job.empty() ? "" : absl::StrCat("; seen by verification ", Readable(resolved.job)));
}

}  // namespace dcp::alarm
