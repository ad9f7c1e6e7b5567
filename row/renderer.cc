#include "row/renderer.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/json_string.h"
#include "model/change.h"
#include "row/canonical.h"
#include "row/json_text.h"
#include "row/updated_row.h"

namespace dcp::row {
namespace {

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(ToValidUtf8(text), &quoted);
  return quoted;
}

// The array of a pushed `OP [...]`, on one line.
std::optional<std::string> PushedArray(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "INSERT ") && !absl::ConsumePrefix(&text, "UPDATE ") &&
      !absl::ConsumePrefix(&text, "DELETE ")) {
    return std::nullopt;
  }
  if (!IsJsonArray(text)) return std::nullopt;
  return CompactJson(text);
}

std::optional<std::string> ArrayOfBinary(absl::string_view binary) {
  std::string text;
  if (!AppendTextOfBinary(binary, &text).ok()) return std::nullopt;
  return ToValidUtf8(text);
}

// The JSON array of a content that is a row.
std::optional<std::string> RowArray(absl::string_view content) {
  if (content.empty()) return std::nullopt;
  const absl::string_view body = content.substr(1);
  if (content[0] == model::kPushedText) return PushedArray(body);
  if (content[0] == model::kCanonicalRow) return ArrayOfBinary(body);
  const auto updated = content[0] == model::kUpdatedRow ? SplitUpdatedRow(body) : std::nullopt;
  return updated ? ArrayOfBinary(updated->after) : std::nullopt;
}

// The elements of `row` with those replaced that `changes`, an index and a value in turn, names.
std::optional<std::string> WithChanges(absl::string_view row, absl::string_view changes) {
  std::vector<absl::string_view> values = JsonArrayElements(row);
  const std::vector<absl::string_view> changed = JsonArrayElements(changes);
  if (changed.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < changed.size(); i += 2) {
    size_t index = 0;
    if (!absl::SimpleAtoi(changed[i], &index) || index >= values.size()) return std::nullopt;
    values[index] = changed[i + 1];
  }
  return absl::StrCat("[", absl::StrJoin(values, ","), "]");
}

}  // namespace

std::string Renderer::Json(absl::string_view content) const {
  if (content.empty()) return "null";
  if (auto array = RowArray(content)) return *std::move(array);
  if (content[0] == model::kPushedText) return Quoted(content.substr(1));
  return Quoted("(the captured row is damaged)");
}

std::string Renderer::BeforeJson(absl::string_view content) const {
  if (content.empty() || content[0] != model::kUpdatedRow) return "";
  const auto updated = SplitUpdatedRow(content.substr(1));
  if (!updated) return "";
  const auto after = ArrayOfBinary(updated->after), changes = ArrayOfBinary(updated->changes);
  if (!after || !changes) return "";
  return WithChanges(*after, *changes).value_or("");
}

std::vector<size_t> Renderer::DifferingColumns(absl::string_view a, absl::string_view b) const {
  std::vector<size_t> differing;
  const auto array_a = RowArray(a);
  const auto array_b = RowArray(b);
  if (!array_a.has_value() || !array_b.has_value()) return differing;
  const auto columns_a = JsonArrayElements(*array_a);
  const auto columns_b = JsonArrayElements(*array_b);
  if (columns_a.size() != columns_b.size()) return differing;
  for (size_t i = 0; i < columns_a.size(); ++i) {
    if (columns_a[i] != columns_b[i]) differing.push_back(i);
  }
  return differing;
}

}  // namespace dcp::row
