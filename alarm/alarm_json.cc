#include "alarm/alarm_json.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "alarm/common.h"
#include "alarm/evidence.h"
#include "alarm/text.h"
#include "model/alarm_type.h"

namespace dcp::alarm {
namespace {

// Members are written with a comma before each but the first of an object.
void Open(model::AlarmType type, const AlarmHead& alarm, const model::OutcomeHead& head,
          std::string* out) {
  absl::StrAppend(out, "{\"type\":\"", model::ToString(type), "\",\"id\":", JsonString(alarm.id),
                  ",\"check\":", JsonString(head.check), ",\"source\":", JsonString(head.source),
                  ",\"target\":", JsonString(head.target), ",\"epoch\":", head.epoch,
                  ",\"from\":", head.from, ",\"to\":", head.to, ",\"at\":\"", Rfc3339(head.at),
                  "\",\"severity\":\"", model::ToString(alarm.severity), "\"");
}

std::string TimeOrNull(int64_t unix_micros) {
  if (unix_micros == 0) return "null";
  return absl::StrCat("\"", Rfc3339(absl::FromUnixMicros(unix_micros)), "\"");
}

std::string RowOrNull(absl::string_view content, const model::RowRenderer& renderer) {
  return content.empty() ? "null" : renderer.Json(content);
}

// A DDL statement is no operation on a row.
const char* OpOf(model::DiffKind kind, const model::ChangeEvidence& change) {
  return kind == model::DiffKind::kDdl ? "" : OpWord(change.op);
}

// Left out where it is not known.
std::string BeforeJson(const model::ChangeEvidence& change, const model::RowRenderer& renderer) {
  const std::string json = renderer.BeforeJson(change.content);
  return json.empty() ? "" : absl::StrCat(",\"before\":", json);
}

// Left out where it is not known, null where it is not to be told.
std::string StatementJson(const model::ChangeEvidence& change) {
  if (change.statement_size == 0) return "";
  std::string json = absl::StrCat(",\"statement\":", JsonStringOrNull(change.statement));
  if (!change.statement.empty() && change.statement.size() < change.statement_size) {
    absl::StrAppend(&json, ",\"statement_bytes\":", change.statement_size);
  }
  return json;
}

// Of the values of rows, in order; left out where they are not known.
std::string RowColumnsJson(const model::RowDiff& diff) {
  if (diff.table == nullptr || diff.table->columns.empty()) return "";
  return absl::StrCat(",\"row_columns\":", JsonStrings(diff.table->columns));
}

std::string EvidenceJson(model::DiffKind kind, const std::optional<model::ChangeEvidence>& change,
                         const model::RowRenderer& renderer) {
  if (!change) return "null";
  const std::string pos = change->file.empty() ? "null" : absl::StrCat(change->offset);
  return absl::StrCat("{\"op\":\"", OpOf(kind, *change),
                      "\",\"txn\":", JsonStringOrNull(change->txn),
                      ",\"file\":", JsonStringOrNull(change->file), ",\"pos\":", pos,
                      ",\"ts\":", TimeOrNull(change->timestamp_micros),
                      ",\"row\":", RowOrNull(change->content, renderer),
                      BeforeJson(*change, renderer), StatementJson(*change), "}");
}

void AppendPresentSide(const char* side, const std::optional<model::PresentRow>& row,
                       const model::RowRenderer& renderer, std::string* out) {
  if (!row) return;
  const std::string json = row->exists ? RowOrNull(row->content, renderer) : "null";
  absl::StrAppend(out, out->empty() ? "" : ",", "\"", side, "\":", json);
}

// Without a side that was not read; "" when neither was.
std::string PresentJson(const model::RowDiff& diff, const model::RowRenderer& renderer) {
  std::string sides;
  AppendPresentSide("source", diff.source_present, renderer, &sides);
  AppendPresentSide("target", diff.target_present, renderer, &sides);
  return sides.empty() ? "" : absl::StrCat(",\"present\":{", sides, "}");
}

}  // namespace

std::string DiffJson(const model::RowDiff& diff, const Rendering& renderer) {
  const ShownRows rows = renderer.For(diff);
  const std::string table =
      diff.table != nullptr ? JsonString(diff.table->name) : JsonStringOrNull(diff.table_name);
  std::string out = absl::StrCat("{\"kind\":\"", model::ToString(diff.kind), "\",\"table\":", table,
                                 ",\"key\":", KeyJson(diff, rows.key_text()),
                                 ",\"source\":", EvidenceJson(diff.kind, diff.source, rows),
                                 ",\"target\":", EvidenceJson(diff.kind, diff.target, rows),
                                 ",\"columns\":", JsonStrings(DifferingColumns(diff, rows)),
                                 RowColumnsJson(diff));
  absl::StrAppend(&out, PresentJson(diff, rows));
  if (!diff.detail.empty()) absl::StrAppend(&out, ",\"detail\":", JsonString(diff.detail));
  return out + "}";
}

namespace {

std::string TablesJson(const std::map<std::string, uint64_t>& tables) {
  std::vector<std::string> members;
  for (const auto& [table, count] : tables) {
    members.push_back(absl::StrCat(JsonString(table), ":", count));
  }
  return absl::StrCat("{", absl::StrJoin(members, ","), "}");
}

void AppendCommon(const model::Verdict& verdict, const Rendering& renderer, std::string* out) {
  if (verdict.diffs.size() < 2) return;
  std::vector<RowFacts> rows;
  for (const model::RowDiff& diff : verdict.diffs) rows.push_back(FactsOf(diff, renderer));
  absl::StrAppend(out, ",\"common\":", CommonJson(rows));
}

void AppendDiffs(const model::Verdict& verdict, const Rendering& renderer, std::string* out) {
  out->append(",\"diffs\":[");
  const char* separator = "";
  for (const model::RowDiff& diff : verdict.diffs) {
    absl::StrAppend(out, separator, DiffJson(diff, renderer));
    separator = ",";
  }
  absl::StrAppend(out, "],\"diff_count\":", verdict.diff_count, ",\"known\":", verdict.known);
  if (verdict.ignored > 0) absl::StrAppend(out, ",\"ignored\":", verdict.ignored);
  if (!verdict.diff_tables.empty()) {
    absl::StrAppend(out, ",\"tables\":", TablesJson(verdict.diff_tables));
  }
  AppendCommon(verdict, renderer, out);
  if (!verdict.diff_file.empty()) {
    absl::StrAppend(out, ",\"diff_file\":", JsonString(verdict.diff_file));
  }
}

}  // namespace

std::string VerdictJson(const model::Verdict& verdict, const AlarmHead& head,
                        const Rendering& renderer) {
  const bool diff = verdict.kind == model::Verdict::Kind::kDiff;
  std::string out;
  Open(diff ? model::AlarmType::kDiff : model::AlarmType::kSame, head, verdict.head, &out);
  absl::StrAppend(&out, ",\"late\":", verdict.late ? "true" : "false",
                  ",\"rows\":{\"source\":", verdict.source_rows,
                  ",\"target\":", verdict.target_rows, "}");
  if (diff) AppendDiffs(verdict, renderer, &out);
  return out + "}";
}

std::string UnverifiedJson(const model::Verdict& verdict, const AlarmHead& head) {
  std::string out;
  Open(model::AlarmType::kUnverified, head, verdict.head, &out);
  absl::StrAppend(&out, ",\"reason\":", JsonString(verdict.unverified_reason),
                  ",\"detail\":", JsonString(verdict.unverified_detail),
                  ",\"table\":", JsonStringOrNull(verdict.unverified_table), "}");
  return out;
}

std::string TimeoutJson(const model::Timeout& timeout, const AlarmHead& head) {
  std::string out;
  Open(model::AlarmType::kTimeout, head, timeout.head, &out);
  absl::StrAppend(&out, ",\"last_barrier\":", timeout.last_barrier,
                  ",\"lag_seconds\":", absl::StrFormat("%.3f", absl::ToDoubleSeconds(timeout.lag)));
  if (timeout.of_source) absl::StrAppend(&out, ",\"side\":\"source\"");
  if (!timeout.detail.empty()) absl::StrAppend(&out, ",\"detail\":", JsonString(timeout.detail));
  return out + "}";
}

std::string ResolvedJson(const model::Resolved& resolved, const AlarmHead& head,
                         const Rendering& renderer) {
  std::string out;
  Open(model::AlarmType::kResolved, head, resolved.head, &out);
  const size_t shown = std::min(kMaxResolvedKeys, resolved.keys.size());
  const std::vector<std::string> keys(resolved.keys.begin(),
                                      resolved.keys.begin() + static_cast<std::ptrdiff_t>(shown));
  absl::StrAppend(&out, ",\"resolves\":", JsonStrings(resolved.resolves),
                  ",\"keys\":", JsonStrings(renderer.Keys(keys)));
  if (shown < resolved.keys.size()) absl::StrAppend(&out, ",\"key_count\":", resolved.keys.size());
  if (!resolved.job.empty()) absl::StrAppend(&out, ",\"job\":", JsonString(resolved.job));
  return out + "}";
}

}  // namespace dcp::alarm
