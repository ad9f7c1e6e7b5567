#include "row/updated_row.h"

#include "model/change.h"
#include "row/canonical.h"

namespace dcp::row {
namespace {

using model::Value;

constexpr size_t kLengthBytes = 4;

Value Index(size_t index) {
  Value value;
  value.kind = Value::Kind::kUint;
  value.unsigned_int = index;
  return value;
}

}  // namespace

bool SameValue(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      return true;
    case Value::Kind::kInt:
      return a.signed_int == b.signed_int;
    case Value::Kind::kUint:
      return a.unsigned_int == b.unsigned_int;
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
      return a.real == b.real;
    default:
      return a.text == b.text;
  }
}

void AddBefore(absl::Span<const Value> before, absl::Span<const Value> after,
               absl::Span<const uint32_t> columns, size_t start, std::string* out) {
  const size_t end_of_after = out->size();
  for (size_t i = 0; i < columns.size(); ++i) {
    const Value& old = before[columns[i]];
    if (SameValue(old, after[columns[i]])) continue;
    AppendBinary(Index(i), out);
    AppendBinary(old, out);
    if (out->size() - end_of_after > kMaxChanges) return out->resize(end_of_after);
  }
  size_t length = out->size() - end_of_after;
  for (size_t i = 0; i < kLengthBytes; ++i, length >>= 8) out->push_back(static_cast<char>(length));
  (*out)[start] = model::kUpdatedRow;
}

std::optional<UpdatedRow> SplitUpdatedRow(absl::string_view body) {
  if (body.size() < kLengthBytes) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(body[body.size() - 1 - i]);
  }
  body.remove_suffix(kLengthBytes);
  if (length > body.size()) return std::nullopt;
  return UpdatedRow{body.substr(0, body.size() - length), body.substr(body.size() - length)};
}

}  // namespace dcp::row
