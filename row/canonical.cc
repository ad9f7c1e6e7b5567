#include "row/canonical.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/json_string.h"
#include "row/json_text.h"
#include "row/number.h"

namespace dcp::row {
namespace {

using model::Value;

enum Tag : char {
  kAbsent = 0,  // outside the contract; kept apart from every value all the same
  kNull = 1,
  kNatural = 2,
  kNegative = 3,
  kReal = 4,
  kString = 5,
  kBytes = 6,
  kRaw = 7,
};

// One value reduced to what its text depends on.
struct Item {
  Tag tag = kNull;
  uint64_t number = 0;  // kNatural: n; kNegative: the value is -1-n
  double real = 0;
  absl::string_view text = {};
};

Item Natural(uint64_t value) { return {.tag = kNatural, .number = value}; }

Item Integer(int64_t value) {
  if (value >= 0) return Natural(static_cast<uint64_t>(value));
  return {.tag = kNegative, .number = ~static_cast<uint64_t>(value)};
}

// The integer of 64 bits whose decimal text is `text`, if there is one.
std::optional<Item> IntegerOfText(absl::string_view text) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  uint64_t magnitude = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), magnitude);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if (!negative || magnitude == 0) return Natural(magnitude);
  if (magnitude > uint64_t{1} << 63) return std::nullopt;
  return Item{.tag = kNegative, .number = magnitude - 1};
}

// JSON has no such numbers, and no column can hold one: only damaged bytes can.
Item NotFinite(double value) {
  Item item{.tag = kString, .text = "NaN"};
  if (std::isinf(value)) item.text = value > 0 ? "Infinity" : "-Infinity";
  return item;
}

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr double kIntegers = 1e21;                     // printed without exponent below

Item Double(double value) {
  if (!std::isfinite(value)) return NotFinite(value);
  const bool integral = std::trunc(value) == value;
  if (integral && std::abs(value) <= kExactIntegers) return Integer(static_cast<int64_t>(value));
  if (integral && std::abs(value) < kIntegers) {
    // Its text is the shortest digits filled up with zeros, not its exact value.
    std::string text;
    AppendDouble(value, &text);
    if (const auto integer = IntegerOfText(text)) return *integer;
  }
  return {.tag = kReal, .real = value};
}

// The double that has the same text.
Item Float(double value) {
  if (!std::isfinite(value)) return NotFinite(value);
  constexpr double kExactFloatIntegers = 16777216.0;  // 2^24
  if (std::trunc(value) == value && std::abs(value) <= kExactFloatIntegers) return Double(value);
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), static_cast<float>(value),
                                 std::chars_format::scientific);
  double wide = 0;
  std::from_chars(buffer, end.ptr, wide);
  return Double(wide);
}

// Of kinds whose value is their text; kAbsent for others.
Tag TextTag(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kBytes:
      return kBytes;
    case Value::Kind::kRaw:
      return kRaw;
    case Value::Kind::kDecimal:
    case Value::Kind::kTemporal:
    case Value::Kind::kText:
    case Value::Kind::kJson:
      return kString;
    default:
      return kAbsent;
  }
}

Item ToItem(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kAbsent:
      return {.tag = kAbsent};
    case Value::Kind::kNull:
      return {.tag = kNull};
    case Value::Kind::kInt:
      return Integer(value.signed_int);
    case Value::Kind::kUint:
      return Natural(value.unsigned_int);
    case Value::Kind::kFloat:
      return Float(value.real);
    case Value::Kind::kDouble:
      return Double(value.real);
    default:
      return {.tag = TextTag(value.kind), .text = value.text};
  }
}

// The most that a value needs beside its text: tag and varint, or the words for what is not finite.
constexpr size_t kMostHead = 16;

char* PutVarint(uint64_t value, char* p) {
  for (; value >= 0x80; value >>= 7) *p++ = static_cast<char>(value | 0x80);
  *p++ = static_cast<char>(value);
  return p;
}

char* PutLittleEndian(uint64_t value, char* p) {
  for (int i = 0; i < 8; ++i, value >>= 8) *p++ = static_cast<char>(value);
  return p;
}

char* PutText(absl::string_view text, char* p) {
  p = PutVarint(text.size(), p);
  if (!text.empty()) std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

// Returns where it ends. REQUIRES: there is room for kMostHead and the text.
char* PutItemBinary(const Item& item, char* p) {
  *p++ = item.tag;
  switch (item.tag) {
    case kAbsent:
    case kNull:
      return p;
    case kNatural:
    case kNegative:
      return PutVarint(item.number, p);
    case kReal:
      return PutLittleEndian(std::bit_cast<uint64_t>(item.real), p);
    case kString:
    case kBytes:
    case kRaw:
      return PutText(item.text, p);
  }
  return p;
}

char* PutBinary(const Value& value, char* p) {
  const Tag tag = TextTag(value.kind);
  if (tag == kAbsent) return PutItemBinary(ToItem(value), p);
  *p++ = tag;
  return PutText(value.text, p);
}

// -1-n; n may be as large as 2^63-1 in what ToItem makes, and anything in
// damaged bytes.
void AppendNegativeText(uint64_t n, std::string* out) {
  if (n == std::numeric_limits<uint64_t>::max()) {
    out->append("-18446744073709551616");
    return;
  }
  out->push_back('-');
  AppendUint(n + 1, out);
}

// {"sjis":"gqA="}: no other value's text is an object.
void AppendRawText(absl::string_view raw, std::string* out) {
  const size_t colon = raw.find(':');
  const bool whole = colon != absl::string_view::npos;
  out->push_back('{');
  AppendJsonString(raw.substr(0, colon), out);
  out->append(":\"");
  AppendBase64(whole ? raw.substr(colon + 1) : absl::string_view(), out);
  out->append("\"}");
}

void AppendItemText(const Item& item, std::string* out) {
  switch (item.tag) {
    case kAbsent:
    case kNull:
      out->append("null");
      return;
    case kNatural:
      return AppendUint(item.number, out);
    case kNegative:
      return AppendNegativeText(item.number, out);
    case kReal:
      return AppendDouble(item.real, out);
    case kString:
      return AppendJsonString(item.text, out);
    case kBytes:
      out->push_back('"');
      AppendBase64(item.text, out);
      out->push_back('"');
      return;
    case kRaw:
      return AppendRawText(item.text, out);
  }
}

// Takes items off the front of a binary row.
class Decoder {
 public:
  explicit Decoder(absl::string_view bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }

  // nullopt: the bytes are damaged. REQUIRES: !done()
  std::optional<Item> Next() {
    Item item;
    const char tag = rest_.front();
    rest_.remove_prefix(1);
    if (tag < kAbsent || tag > kRaw) return std::nullopt;
    item.tag = static_cast<Tag>(tag);
    if (!TakeBody(&item)) return std::nullopt;
    return item;
  }

 private:
  bool TakeBody(Item* item) {
    switch (item->tag) {
      case kAbsent:
      case kNull:
        return true;
      case kNatural:
      case kNegative:
        return TakeVarint(&item->number);
      case kReal:
        return TakeReal(&item->real);
      case kString:
      case kBytes:
      case kRaw:
        return TakeText(&item->text);
    }
    return false;
  }

  bool TakeVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool TakeReal(double* real) {
    if (rest_.size() < 8) return false;
    uint64_t bits = 0;
    for (size_t i = 8; i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(8);
    *real = std::bit_cast<double>(bits);
    return std::isfinite(*real);
  }

  bool TakeText(absl::string_view* text) {
    uint64_t size = 0;
    if (!TakeVarint(&size) || size > rest_.size()) return false;
    *text = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(static_cast<size_t>(size));
    return true;
  }

  absl::string_view rest_;
};

}  // namespace

void NarrowToFloat(Value* value) {
  if (value->kind != Value::Kind::kDouble) return;
  constexpr double kLargest = std::numeric_limits<float>::max();
  value->kind = Value::Kind::kFloat;
  value->real =
      static_cast<double>(static_cast<float>(std::clamp(value->real, -kLargest, kLargest)));
}

void AppendBinary(const Value& value, std::string* out) {
  constexpr uint32_t kItself[] = {0};
  AppendBinaryRow({&value, 1}, kItself, out);
}

// Grows `out` once: this runs for every row.
void AppendBinaryRow(absl::Span<const Value> values, absl::Span<const uint32_t> columns,
                     std::string* out) {
  size_t most = 0;
  for (const uint32_t column : columns) most += kMostHead + values[column].text.size();
  const size_t begin = out->size();
  out->resize(begin + most);
  char* p = out->data() + begin;
  for (const uint32_t column : columns) p = PutBinary(values[column], p);
  out->resize(static_cast<size_t>(p - out->data()));
}

void AppendText(const Value& value, std::string* out) { AppendItemText(ToItem(value), out); }

void AppendTextRow(absl::Span<const Value> values, absl::Span<const uint32_t> columns,
                   std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendText(values[columns[i]], out);
  }
  out->push_back(']');
}

absl::Status AppendTextOfBinary(absl::string_view binary, std::string* out) {
  const size_t before = out->size();
  Decoder decoder(binary);
  out->push_back('[');
  for (bool first = true; !decoder.done(); first = false) {
    const auto item = decoder.Next();
    if (!item.has_value()) {
      out->resize(before);
      return absl::DataLossError(
          absl::StrCat("a captured row of ", binary.size(), " bytes is not in the binary form"));
    }
    if (!first) out->push_back(',');
    AppendItemText(*item, out);
  }
  out->push_back(']');
  return absl::OkStatus();
}

}  // namespace dcp::row
