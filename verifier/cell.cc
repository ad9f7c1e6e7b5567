#include "verifier/cell.h"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mysql/bytes.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "mysql/connection.h"

namespace dcp::verifier {
namespace {

using mysql::Column;
using mysql::QuoteName;

// How a column's values are written and told apart.
enum class Manner : uint8_t {
  kDigits,      // integers, DECIMAL, YEAR, BIT
  kReal,        // FLOAT, DOUBLE
  kTemporal,    // by the text
  kLabels,      // ENUM, SET: by number
  kJson,        // by the text
  kBytes,       // BINARY, BLOB
  kHex,         // types that CAST does not take: HEX() of their bytes
  kCharacters,  // CHAR, VARCHAR, TEXT: by the bytes
  kForm,        // UUID and the like: by the text
};

Manner MannerOf(const Column& column) {
  switch (column.type) {
    case mysql::kTypeTiny:
    case mysql::kTypeShort:
    case mysql::kTypeInt24:
    case mysql::kTypeLong:
    case mysql::kTypeLonglong:
    case mysql::kTypeYear:
    case mysql::kTypeBit:
    case mysql::kTypeNewDecimal:
      return Manner::kDigits;
    case mysql::kTypeFloat:
    case mysql::kTypeDouble:
      return Manner::kReal;
    case mysql::kTypeDate:
    case mysql::kTypeTime2:
    case mysql::kTypeDatetime2:
    case mysql::kTypeTimestamp2:
      return Manner::kTemporal;
    case mysql::kTypeEnum:
    case mysql::kTypeSet:
      return Manner::kLabels;
    case mysql::kTypeJson:
      return Manner::kJson;
    case mysql::kTypeGeometry:
    case mysql::kTypeVector:
      return Manner::kHex;
    default:
      break;
  }
  if (column.form != Column::Form::kPlain) return Manner::kForm;
  return column.collation == mysql::kBinaryCollation ? Manner::kBytes : Manner::kCharacters;
}

std::string HexLiteral(absl::string_view bytes) {
  return absl::StrCat("x'", absl::BytesToHexString(bytes), "'");
}

// Servers print a DOUBLE with as many digits as tell it from others.
std::string RealLiteral(absl::string_view text) {
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return mysql::QuoteString(text);
  char digits[40];
  std::snprintf(digits, sizeof(digits), "%.17g", number);
  // With an exponent it is a DOUBLE, else it were a DECIMAL.
  const bool has_exponent = absl::string_view(digits).find('e') != absl::string_view::npos;
  return absl::StrCat(digits, has_exponent ? "" : "e0");
}

// Of what a server sent as a number; anything else cannot become SQL.
std::string DigitsLiteral(absl::string_view text) {
  const bool number = !text.empty() && text.find_first_not_of("0123456789.-") == text.npos;
  return number ? std::string(text) : mysql::QuoteString(text);
}

bool IsUtf8(const Column& column, absl::string_view bytes) {
  const mysql::CharsetKind kind = mysql::CharsetOfCollation(column.collation).kind;
  return (kind == mysql::CharsetKind::kUtf8 || kind == mysql::CharsetKind::kAscii) &&
         mysql::IsValidUtf8(mysql::AsBytes(bytes));
}

// `bytes` in the column's charset.
std::string CharactersLiteral(const Column& column, const Cell& cell) {
  if (IsUtf8(column, *cell.exact)) return mysql::QuoteString(*cell.exact);
  const mysql::Charset charset = mysql::CharsetOfCollation(column.collation);
  if (charset.kind == mysql::CharsetKind::kUnknown) return mysql::QuoteString(*cell.text);
  const bool utf8 =
      charset.kind == mysql::CharsetKind::kUtf8 && absl::string_view(charset.name) != "utf8mb4";
  return absl::StrCat("_", utf8 ? "utf8" : charset.name, " ", HexLiteral(*cell.exact));
}

bool SameCharset(const Column& a, const Column& b) {
  const mysql::Charset charset = mysql::CharsetOfCollation(a.collation);
  return charset.kind != mysql::CharsetKind::kUnknown &&
         absl::string_view(charset.name) == mysql::CharsetOfCollation(b.collation).name;
}

std::string IsNull(const Column& column) {
  return absl::StrCat(QuoteName(column.name), " IS NULL");
}

}  // namespace

std::string ExactExpression(const Column& column) {
  const std::string name = QuoteName(column.name);
  switch (MannerOf(column)) {
    case Manner::kDigits:
      return column.type == mysql::kTypeBit ? absl::StrCat(name, " + 0") : name;
    case Manner::kReal:
      return absl::StrCat(name, " + 0e0");
    case Manner::kTemporal:
    case Manner::kForm:
      return absl::StrCat("CAST(", name, " AS CHAR)");
    case Manner::kLabels:
      return absl::StrCat("CAST(", name, " AS UNSIGNED)");
    case Manner::kJson:
      return absl::StrCat("CAST(CAST(", name, " AS CHAR) AS BINARY)");
    case Manner::kHex:
      return absl::StrCat("HEX(", name, ")");
    case Manner::kBytes:
    case Manner::kCharacters:
      break;
  }
  return absl::StrCat("CAST(", name, " AS BINARY)");
}

std::string ExactCondition(const Column& column, const Cell& cell) {
  if (cell.is_null()) return IsNull(column);
  std::string literal;
  switch (MannerOf(column)) {
    case Manner::kDigits:
    case Manner::kLabels:
      literal = DigitsLiteral(*cell.exact);
      break;
    case Manner::kReal:
      literal = RealLiteral(*cell.exact);
      break;
    case Manner::kTemporal:
    case Manner::kForm:
    case Manner::kHex:
      literal = mysql::QuoteString(*cell.exact);
      break;
    case Manner::kJson:
    case Manner::kBytes:
    case Manner::kCharacters:
      literal = HexLiteral(*cell.exact);
      break;
  }
  return absl::StrCat(ExactExpression(column), " <=> ", literal);
}

std::string OwnLiteral(const Column& column, const Cell& cell) {
  if (cell.is_null()) return "NULL";
  switch (MannerOf(column)) {
    case Manner::kDigits:
    case Manner::kLabels:
      return DigitsLiteral(*cell.exact);
    case Manner::kReal:
      return RealLiteral(*cell.exact);
    case Manner::kBytes:
      return HexLiteral(*cell.exact);
    case Manner::kHex:
      return absl::StrCat("x'", *cell.exact, "'");
    case Manner::kCharacters:
      return CharactersLiteral(column, cell);
    case Manner::kTemporal:
    case Manner::kForm:
    case Manner::kJson:
      break;
  }
  return mysql::QuoteString(*cell.text);
}

std::string CopyLiteral(const Column& from, const Column& to, const Cell& cell) {
  if (cell.is_null()) return "NULL";
  switch (MannerOf(from)) {
    case Manner::kLabels:  // numbers may mean others there
      return mysql::QuoteString(*cell.text);
    case Manner::kCharacters:
      return SameCharset(from, to) ? OwnLiteral(from, cell) : mysql::QuoteString(*cell.text);
    default:
      return OwnLiteral(from, cell);
  }
}

std::string CopiedCondition(const Column& from, const Column& to, const Cell& cell) {
  if (cell.is_null()) return IsNull(to);
  const std::string literal = CopyLiteral(from, to, cell);
  const Manner manner = MannerOf(to);
  const bool same_bytes = manner == MannerOf(from) && SameCharset(from, to);
  if (manner == Manner::kHex || (manner == Manner::kCharacters && same_bytes) ||
      (manner == Manner::kBytes && same_bytes)) {
    return ExactCondition(to, cell);
  }
  if (manner == Manner::kReal) return absl::StrCat(ExactExpression(to), " <=> ", literal);
  if (manner == Manner::kJson) {
    return absl::StrCat(QuoteName(to.name), " <=> CAST(", literal, " AS JSON)");
  }
  return absl::StrCat(QuoteName(to.name), " <=> ", literal);
}

}  // namespace dcp::verifier
