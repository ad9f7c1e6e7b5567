#include "alarm/evidence.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "alarm/text.h"

namespace dcp::alarm {
namespace {

// The row that a change left behind; "" if it left none or none was captured.
absl::string_view RowLeft(const std::optional<model::ChangeEvidence>& change) {
  if (!change || change->op == model::Op::kDelete) return "";
  return change->content;
}

absl::string_view RowRead(const std::optional<model::PresentRow>& row) {
  if (!row || !row->exists) return "";
  return row->content;
}

std::string ColumnName(const model::Table* table, size_t index) {
  if (table != nullptr && index < table->columns.size()) return table->columns[index];
  return absl::StrCat(index);
}

}  // namespace

const char* OpWord(model::Op op) {
  switch (op) {
    case model::Op::kInsert:
      return "INSERT";
    case model::Op::kUpdate:
      return "UPDATE";
    case model::Op::kDelete:
      return "DELETE";
    case model::Op::kOther:
      return "";
  }
  return "";
}

std::string KeyJson(const model::RowDiff& diff, absl::string_view key_text) {
  if (diff.kind == model::DiffKind::kDdl) return R"(["ddl"])";
  absl::string_view values = key_text;
  if (diff.table != nullptr && absl::ConsumePrefix(&values, diff.table->name)) {
    if (IsJsonArray(values)) return std::string(values);
  }
  return absl::StrCat("[", JsonString(key_text), "]");
}

std::vector<std::string> DifferingColumns(const model::RowDiff& diff,
                                          const model::RowRenderer& renderer) {
  absl::string_view source = RowLeft(diff.source), target = RowLeft(diff.target);
  if (source.empty() || target.empty()) {
    source = RowRead(diff.source_present);
    target = RowRead(diff.target_present);
  }
  std::vector<std::string> names;
  if (source.empty() || target.empty()) return names;
  for (size_t index : renderer.DifferingColumns(source, target)) {
    names.push_back(ColumnName(diff.table, index));
  }
  return names;
}

}  // namespace dcp::alarm
