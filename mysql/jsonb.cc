#include "mysql/jsonb.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/json_string.h"
#include "mysql/column_type.h"
#include "mysql/decimal.h"
#include "mysql/temporal.h"

namespace dcp::mysql {
namespace {

enum JsonbType : uint8_t {
  kSmallObject = 0,
  kLargeObject = 1,
  kSmallArray = 2,
  kLargeArray = 3,
  kLiteral = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kDouble = 11,
  kString = 12,
  kOpaque = 15,
};

template <typename T>
void AppendNumber(T value, std::string* out) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out->append(buffer, static_cast<size_t>(result.ptr - buffer));
}

bool AppendDouble(double value, std::string* out) {
  if (!std::isfinite(value)) return false;
  const size_t start = out->size();
  AppendNumber(value, out);
  if (out->find_first_of(".e", start) == std::string::npos) out->append(".0");
  return true;
}

class Writer {
 public:
  Writer(size_t size, std::string* out) : budget_(size), out_(out) {}

  // `bytes` runs from the value's start to the end of its container: its own
  // size is told by its content.
  bool Value(uint8_t type, Bytes bytes, int depth) {
    switch (type) {
      case kSmallObject:
      case kLargeObject:
        return Container(bytes, true, type == kLargeObject, depth);
      case kSmallArray:
      case kLargeArray:
        return Container(bytes, false, type == kLargeArray, depth);
      case kString:
        return String(bytes);
      case kOpaque:
        return Opaque(bytes);
      default:
        return Scalar(type, bytes);
    }
  }

 private:
  bool Literal(uint8_t value) {
    static constexpr const char* kNames[] = {"null", "true", "false"};
    if (value > 2) return false;
    out_->append(kNames[value]);
    return true;
  }

  bool Scalar(uint8_t type, Bytes bytes) {
    ByteReader reader(bytes);
    switch (type) {
      case kLiteral:
        return Literal(reader.ok() && reader.left() > 0 ? reader.U8() : uint8_t{255});
      case kInt16:
        AppendNumber(static_cast<int16_t>(reader.U16()), out_);
        return Spend(2) && reader.ok();
      case kUint16:
        AppendNumber(reader.U16(), out_);
        return Spend(2) && reader.ok();
      case kInt32:
        AppendNumber(static_cast<int32_t>(reader.U32()), out_);
        return Spend(4) && reader.ok();
      case kUint32:
        AppendNumber(reader.U32(), out_);
        return Spend(4) && reader.ok();
      case kInt64:
        AppendNumber(static_cast<int64_t>(reader.U64()), out_);
        return Spend(8) && reader.ok();
      case kUint64:
        AppendNumber(reader.U64(), out_);
        return Spend(8) && reader.ok();
      case kDouble: {
        const uint64_t bits = reader.U64();
        return Spend(8) && reader.ok() && AppendDouble(std::bit_cast<double>(bits), out_);
      }
      default:
        return false;
    }
  }

  // A length of 7 bits a byte, least significant first, and as many bytes.
  bool TakeVariable(ByteReader* reader, Bytes* value) {
    uint64_t size = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const uint8_t byte = reader->U8();
      size |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) {
        *value = reader->Take(size);
        return reader->ok() && Spend(size + 1);
      }
    }
    return false;
  }

  bool String(Bytes bytes) {
    ByteReader reader(bytes);
    Bytes value;
    if (!TakeVariable(&reader, &value)) return false;
    AppendJsonString(AsText(value), out_);
    return true;
  }

  bool Opaque(Bytes bytes) {
    ByteReader reader(bytes);
    const uint8_t type = reader.U8();
    Bytes value;
    if (!TakeVariable(&reader, &value)) return false;
    switch (type) {
      case kTypeNewDecimal:
        return Decimal(value);
      case kTypeDate:
      case kTypeDatetime:
      case kTypeTimestamp:
      case kTypeTime:
        return Temporal(type, value);
      default:
        absl::StrAppend(out_, "\"base64:type", static_cast<int>(type), ":",
                        absl::Base64Escape(AsText(value)), "\"");
        return true;
    }
  }

  bool Decimal(Bytes value) {
    if (value.size() < 3) return false;
    const uint8_t precision = value[0];
    const uint8_t scale = value[1];
    if (precision == 0 || precision > kMaxPackedPrecision || scale > precision ||
        value.size() - 2 < PackedDecimalSize(precision, scale)) {
      return false;
    }
    std::string digits;
    if (!DecimalToText(value.data() + 2, precision, scale, DecimalText::kAsScaled, &digits)) {
      return false;
    }
    out_->append(digits);
    return true;
  }

  bool Temporal(uint8_t type, Bytes value) {
    if (value.size() < 8) return false;
    const auto packed = static_cast<int64_t>(LoadLe<8>(value.data()));
    Civil civil;
    char text[48];
    if (type == kTypeTime) {
      if (!UnpackTime(packed, &civil)) return false;
      std::snprintf(text, sizeof(text), "\"%s%02u:%02u:%02u.%06u\"", civil.negative ? "-" : "",
                    civil.hour, civil.minute, civil.second, civil.micros);
    } else {
      if (!UnpackDatetime(packed, &civil)) return false;
      const int size =
          std::snprintf(text, sizeof(text), "\"%04u-%02u-%02u", civil.year, civil.month, civil.day);
      std::snprintf(text + size, sizeof(text) - static_cast<size_t>(size),
                    type == kTypeDate ? "\"" : " %02u:%02u:%02u.%06u\"", civil.hour, civil.minute,
                    civil.second, civil.micros);
    }
    out_->append(text);
    return true;
  }

  static bool Inlined(uint8_t type, bool large) {
    return type == kLiteral || type == kInt16 || type == kUint16 ||
           (large && (type == kInt32 || type == kUint32));
  }

  bool Key(Bytes container, ByteReader* entries, bool large) {
    const uint64_t offset = large ? entries->U32() : entries->U16();
    const uint16_t size = entries->U16();
    if (!entries->ok() || offset > container.size() || size > container.size() - offset ||
        !Spend(size)) {
      return false;
    }
    AppendJsonString(AsText(container.subspan(offset, size)), out_);
    out_->push_back(':');
    return true;
  }

  bool Element(Bytes container, ByteReader* entries, bool large, int depth) {
    const uint8_t type = entries->U8();
    const Bytes slot = entries->Take(large ? 4 : 2);
    if (!entries->ok() || !Spend(slot.size() + 1)) return false;
    if (Inlined(type, large)) {
      budget_ += slot.size();  // spent again by the scalar
      return Value(type, slot, depth);
    }
    const uint64_t offset = LoadLe(slot.data(), slot.size());
    return offset < container.size() && Value(type, container.subspan(offset), depth);
  }

  bool Container(Bytes bytes, bool object, bool large, int depth) {
    if (depth >= kMaxJsonDepth) return false;
    ByteReader head(bytes);
    const uint64_t count = large ? head.U32() : head.U16();
    const uint64_t size = large ? head.U32() : head.U16();
    if (!head.ok() || size > bytes.size()) return false;
    const Bytes container = bytes.first(size);
    const size_t width = large ? 4 : 2;
    if (size < 2 * width) return false;
    ByteReader keys(container.subspan(2 * width));
    ByteReader values(keys.rest());
    if (object) values.Skip(count * (width + 2));
    out_->push_back(object ? '{' : '[');
    for (uint64_t i = 0; i < count; ++i) {
      if (i != 0) out_->push_back(',');
      if (object && !Key(container, &keys, large)) return false;
      if (!Element(container, &values, large, depth + 1)) return false;
    }
    out_->push_back(object ? '}' : ']');
    return true;
  }

  // Parts of a sound document do not overlap: what they sum up to is not more
  // than its size. Offsets that say otherwise end here.
  bool Spend(uint64_t size) {
    if (size > budget_) return false;
    budget_ -= size;
    return true;
  }

  uint64_t budget_;
  std::string* out_;
};

}  // namespace

bool JsonbToText(Bytes json, std::string* out) {
  out->clear();
  if (json.empty()) {  // what the server writes for a NULL forced into NOT NULL
    out->append("null");
    return true;
  }
  Writer writer(json.size(), out);
  return writer.Value(json[0], json.subspan(1), 0);
}

}  // namespace dcp::mysql
