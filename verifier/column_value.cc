#include "verifier/column_value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "mysql/bytes.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "mysql/connection.h"
#include "verifier/server_json.h"

namespace dcp::verifier {
namespace {

using Kind = model::Value::Kind;
using mysql::Civil;
using mysql::Column;

// Takes `digits` digits off the front of `text`.
bool TakeDigits(absl::string_view* text, size_t digits, uint32_t* out) {
  if (text->size() < digits) return false;
  for (const char c : text->substr(0, digits)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  const bool ok = absl::SimpleAtoi(text->substr(0, digits), out);
  text->remove_prefix(digits);
  return ok;
}

// Nothing, or a point and one to six digits.
bool ParseFraction(absl::string_view text, uint32_t* micros) {
  *micros = 0;
  if (text.empty()) return true;
  if (text[0] != '.' || text.size() < 2 || text.size() > 7) return false;
  std::string digits(text.substr(1));
  digits.resize(6, '0');
  absl::string_view rest = digits;
  return TakeDigits(&rest, 6, micros);
}

// ":MM:SS[.f]"
bool ParseMinutes(absl::string_view text, Civil* civil) {
  return absl::ConsumePrefix(&text, ":") && TakeDigits(&text, 2, &civil->minute) &&
         absl::ConsumePrefix(&text, ":") && TakeDigits(&text, 2, &civil->second) &&
         ParseFraction(text, &civil->micros) && civil->minute < 60 && civil->second < 60;
}

bool ToInteger(const Column& column, absl::string_view text, model::Value* value) {
  const bool is_unsigned =
      column.is_unsigned || column.type == mysql::kTypeBit || column.type == mysql::kTypeYear;
  value->kind = is_unsigned ? Kind::kUint : Kind::kInt;
  return is_unsigned ? absl::SimpleAtoi(text, &value->unsigned_int)
                     : absl::SimpleAtoi(text, &value->signed_int);
}

bool ToReal(const Column& column, absl::string_view text, model::Value* value) {
  value->kind = column.type == mysql::kTypeFloat ? Kind::kFloat : Kind::kDouble;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value->real);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool TimestampText(const Civil& civil, std::string* out) {
  if (civil.year == 0) return mysql::TimestampToText(0, 0, out);
  const absl::CivilSecond second(civil.year, static_cast<int>(civil.month),
                                 static_cast<int>(civil.day), static_cast<int>(civil.hour),
                                 static_cast<int>(civil.minute), static_cast<int>(civil.second));
  const int64_t since_1970 = second - absl::CivilSecond(1970);
  return since_1970 >= 0 &&
         mysql::TimestampToText(static_cast<uint64_t>(since_1970), civil.micros, out);
}

bool ToTemporal(uint8_t type, absl::string_view text, std::string* out) {
  Civil civil;
  if (type == mysql::kTypeTime2) {
    if (!ParseTime(text, &civil)) return false;
    mysql::TimeToText(civil, out);
    return true;
  }
  if (!ParseDatetime(text, &civil)) return false;
  if (type == mysql::kTypeTimestamp2) return TimestampText(civil, out);
  type == mysql::kTypeDate ? mysql::DateToText(civil, out) : mysql::DatetimeToText(civil, out);
  return true;
}

bool IsBinary(const Column& column) {
  return column.collation == mysql::kBinaryCollation && column.form == Column::Form::kPlain;
}

void Clear(model::Value* value) {
  value->signed_int = 0;
  value->unsigned_int = 0;
  value->real = 0;
  value->text.clear();
}

// CHAR, VARCHAR, TEXT and their binary kin. Row images of BINARY(n) lack its
// trailing 0x00.
void ToCharacters(const Column& column, absl::string_view text, model::Value* value) {
  value->kind = IsBinary(column) ? Kind::kBytes : Kind::kText;
  value->text.assign(text.data(), text.size());
  if (IsBinary(column) && column.type == mysql::kTypeString) {
    value->text.resize(value->text.find_last_not_of('\0') + 1);
  }
}

bool Convert(const Column& column, absl::string_view text, model::Value* value) {
  switch (column.type) {
    case mysql::kTypeTiny:
    case mysql::kTypeShort:
    case mysql::kTypeInt24:
    case mysql::kTypeLong:
    case mysql::kTypeLonglong:
    case mysql::kTypeYear:
    case mysql::kTypeBit:
      return ToInteger(column, text, value);
    case mysql::kTypeFloat:
    case mysql::kTypeDouble:
      return ToReal(column, text, value);
    case mysql::kTypeNewDecimal:
      value->kind = Kind::kDecimal;
      return NormaliseDecimal(text, &value->text);
    case mysql::kTypeDate:
    case mysql::kTypeTime2:
    case mysql::kTypeDatetime2:
    case mysql::kTypeTimestamp2:
      value->kind = Kind::kTemporal;
      return ToTemporal(column.type, text, &value->text);
    case mysql::kTypeEnum:
    case mysql::kTypeSet:
      value->kind = Kind::kText;
      value->text.assign(text.data(), text.size());
      return true;
    case mysql::kTypeJson:
      value->kind = Kind::kJson;
      CanonicalOfServerJson(text, &value->text);
      return true;
    case mysql::kTypeGeometry:
    case mysql::kTypeVector:
      value->kind = Kind::kBytes;
      value->text.assign(text.data(), text.size());
      return true;
    default:
      ToCharacters(column, text, value);
      return true;
  }
}

}  // namespace

absl::Status CheckReadable(const Column& column) {
  if (column.type != mysql::kTypeNull) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat("the type of column ", column.name, " is not supported"));
}

std::string SelectExpression(const Column& column) {
  const std::string name = mysql::QuoteName(column.name);
  switch (column.type) {
    case mysql::kTypeFloat:  // a server prints FLOATs, and DOUBLE(m,d), with less digits than they
                             // have
    case mysql::kTypeDouble:
      return absl::StrCat(name, " + 0e0");
    case mysql::kTypeBit:
      return absl::StrCat(name, " + 0");
    default:
      return name;
  }
}

absl::Status ToValue(const Column& column, const std::optional<absl::string_view>& text,
                     model::Value* value) {
  Clear(value);
  if (!text.has_value()) {
    value->kind = Kind::kNull;
    return absl::OkStatus();
  }
  if (Convert(column, *text, value)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("what was read of column ", column.name, " is no ",
                                          mysql::TypeName(column.type),
                                          ": the table has changed meanwhile"));
}

void ToBytesValue(const std::optional<absl::string_view>& bytes, model::Value* value) {
  Clear(value);
  value->kind = Kind::kNull;
  if (!bytes.has_value()) return;
  value->kind = mysql::IsValidUtf8(mysql::AsBytes(*bytes)) ? Kind::kText : Kind::kBytes;
  value->text.assign(bytes->data(), bytes->size());
}

bool ParseDatetime(absl::string_view text, Civil* civil) {
  *civil = {};
  absl::ConsumeSuffix(&text, "Z");
  if (!TakeDigits(&text, 4, &civil->year) || !absl::ConsumePrefix(&text, "-") ||
      !TakeDigits(&text, 2, &civil->month) || !absl::ConsumePrefix(&text, "-") ||
      !TakeDigits(&text, 2, &civil->day) || civil->month > 12 || civil->day > 31) {
    return false;
  }
  if (text.empty()) return true;
  if (!absl::ConsumePrefix(&text, " ") && !absl::ConsumePrefix(&text, "T")) return false;
  return TakeDigits(&text, 2, &civil->hour) && civil->hour < 24 && ParseMinutes(text, civil);
}

bool ParseTime(absl::string_view text, Civil* civil) {
  *civil = {};
  civil->negative = absl::ConsumePrefix(&text, "-");
  const size_t digits = text.find(':');
  if (digits < 2 || digits > 3) return false;
  return TakeDigits(&text, digits, &civil->hour) && ParseMinutes(text, civil);
}

bool NormaliseDecimal(absl::string_view text, std::string* out) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  const size_t point = std::min(text.find('.'), text.size());
  absl::string_view whole = text.substr(0, point);
  absl::string_view fraction = point < text.size() ? text.substr(point + 1) : "";
  const auto digits = [](absl::string_view part) {
    return part.find_first_not_of("0123456789") == absl::string_view::npos;
  };
  if (whole.empty() || !digits(whole) || !digits(fraction)) return false;
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  while (absl::ConsumeSuffix(&fraction, "0")) {
  }
  const bool zero = whole == "0" && fraction.empty();
  *out = absl::StrCat(negative && !zero ? "-" : "", whole, fraction.empty() ? "" : ".", fraction);
  return true;
}

}  // namespace dcp::verifier
