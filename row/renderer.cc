#include "row/renderer.h"

#include <algorithm>
#include <optional>

#include "absl/strings/strip.h"
#include "base/json_string.h"
#include "model/change.h"
#include "row/canonical.h"
#include "row/json_text.h"

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

// The JSON array of a content that is a row.
std::optional<std::string> RowArray(absl::string_view content) {
  if (content.empty()) return std::nullopt;
  const absl::string_view body = content.substr(1);
  if (content[0] == model::kPushedText) return PushedArray(body);
  if (content[0] != model::kCanonicalRow) return std::nullopt;
  std::string text;
  if (!AppendTextOfBinary(body, &text).ok()) return std::nullopt;
  return ToValidUtf8(text);
}

}  // namespace

std::string Renderer::Json(absl::string_view content) const {
  if (content.empty()) return "null";
  if (auto array = RowArray(content)) return *std::move(array);
  if (content[0] == model::kPushedText) return Quoted(content.substr(1));
  return Quoted("(the captured row is damaged)");
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
