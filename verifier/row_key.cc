#include "verifier/row_key.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "mysql/bytes.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "mysql/connection.h"
#include "verifier/column_value.h"

namespace dcp::verifier {
namespace {

using Literal = absl::StatusOr<std::optional<std::string>>;
using Json = nlohmann::json;
using mysql::Column;

absl::StatusOr<KeyPart> ToPart(const Json& element) {
  switch (element.type()) {
    case Json::value_t::number_integer:
      return KeyPart{KeyPart::Kind::kNumber, absl::StrCat(element.get<int64_t>())};
    case Json::value_t::number_unsigned:
      return KeyPart{KeyPart::Kind::kNumber, absl::StrCat(element.get<uint64_t>())};
    case Json::value_t::number_float: {
      char text[40];
      std::snprintf(text, sizeof(text), "%.17g", element.get<double>());
      return KeyPart{KeyPart::Kind::kNumber, text};
    }
    case Json::value_t::string:
      return KeyPart{KeyPart::Kind::kText, element.get<std::string>()};
    default:
      return absl::InvalidArgumentError("a key holds numbers and strings only");
  }
}

absl::Status Mismatch(const Column& column) {
  return absl::InvalidArgumentError(absl::StrCat("the key's value for column ", column.name,
                                                 " is no ", mysql::TypeName(column.type)));
}

Literal IntegerLiteral(const Column& column, const KeyPart& part) {
  int64_t number = 0;
  uint64_t natural = 0;
  if (part.kind == KeyPart::Kind::kText) return Mismatch(column);
  if (absl::SimpleAtoi(part.text, &natural)) return absl::StrCat(natural);
  if (absl::SimpleAtoi(part.text, &number)) return absl::StrCat(number);
  return Mismatch(column);
}

Literal RealLiteral(const Column& column, const KeyPart& part) {
  double number = 0;
  if (part.kind == KeyPart::Kind::kText || !absl::SimpleAtod(part.text, &number) ||
      !std::isfinite(number)) {
    return Mismatch(column);
  }
  if (column.type == mysql::kTypeFloat) {
    float narrow = 0;
    if (!absl::SimpleAtof(part.text, &narrow) || !std::isfinite(narrow)) return Mismatch(column);
    number = narrow;
  }
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", number);
  // With an exponent it is a DOUBLE, else it were a DECIMAL.
  return absl::StrCat(text, absl::StrContains(text, "e") ? "" : "e0");
}

Literal DecimalLiteral(const Column& column, const KeyPart& part) {
  std::string text;
  if (part.kind == KeyPart::Kind::kNumber || !NormaliseDecimal(part.text, &text)) {
    return Mismatch(column);
  }
  return text;
}

Literal TemporalLiteral(const Column& column, const KeyPart& part) {
  mysql::Civil civil;
  const bool ok = column.type == mysql::kTypeTime2 ? ParseTime(part.text, &civil)
                                                   : ParseDatetime(part.text, &civil);
  if (part.kind == KeyPart::Kind::kNumber || !ok) return Mismatch(column);
  std::string text;
  if (column.type == mysql::kTypeTime2) {
    mysql::TimeToText(civil, &text);
  } else if (column.type == mysql::kTypeDate) {
    mysql::DateToText(civil, &text);
  } else {
    mysql::DatetimeToText(civil, &text);
  }
  return mysql::QuoteString(text);
}

Literal BytesLiteral(const Column& column, const KeyPart& part) {
  std::string bytes = part.text;
  if (part.kind == KeyPart::Kind::kNumber) return Mismatch(column);
  if (part.kind == KeyPart::Kind::kText && !absl::Base64Unescape(part.text, &bytes)) {
    return Mismatch(column);
  }
  // BINARY(n) is kept with 0x00 up to its length.
  if (column.type == mysql::kTypeString && bytes.size() < column.meta) bytes.resize(column.meta);
  return absl::StrCat("x'", absl::BytesToHexString(bytes), "'");
}

// All characters of latin1, in UTF-8.
const absl::flat_hash_set<std::string>& Latin1Characters() {
  static const auto* const characters = [] {
    auto* const set = new absl::flat_hash_set<std::string>;
    for (unsigned c = 0; c < 256; ++c) {
      const auto byte = static_cast<uint8_t>(c);
      std::string text;
      mysql::Latin1ToUtf8(mysql::Bytes(&byte, 1), &text);
      set->insert(text);
    }
    return set;
  }();
  return *characters;
}

bool CharsetHas(const mysql::Charset& charset, absl::string_view character) {
  if (charset.kind == mysql::CharsetKind::kLatin1) return Latin1Characters().contains(character);
  const absl::string_view name = charset.name;
  if (name == "ascii") return character.size() == 1;
  return name != "utf8mb3" || character.size() <= 3;
}

// True if each character of `text`, valid UTF-8, exists in the charset. Of charsets that
// are not known here the server has the last word.
bool Representable(const mysql::Charset& charset, absl::string_view text) {
  while (!text.empty()) {
    size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    if (!CharsetHas(charset, text.substr(0, size))) return false;
    text.remove_prefix(size);
  }
  return true;
}

Literal TextLiteral(const Column& column, const KeyPart& part) {
  if (column.collation == mysql::kBinaryCollation && !mysql::HasLabels(column.type) &&
      column.form == Column::Form::kPlain) {
    return BytesLiteral(column, part);
  }
  if (part.kind == KeyPart::Kind::kNumber || !mysql::IsValidUtf8(mysql::AsBytes(part.text))) {
    return Mismatch(column);
  }
  if (!Representable(mysql::CharsetOfCollation(column.collation), part.text)) return std::nullopt;
  return mysql::QuoteString(part.text);
}

}  // namespace

absl::StatusOr<std::vector<KeyPart>> ParseKeyText(absl::string_view table,
                                                  absl::string_view key_text) {
  absl::string_view array = key_text;
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("not a key of ", table, ": ", why));
  };
  if (!absl::ConsumePrefix(&array, table)) return bad("it begins with another name");
  const Json json = Json::parse(array.begin(), array.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array() || json.empty()) return bad("its values are no JSON array");
  std::vector<KeyPart> parts;
  for (const Json& element : json) {
    absl::StatusOr<KeyPart> part = ToPart(element);
    if (!part.ok()) return bad(part.status().message());
    parts.push_back(*std::move(part));
  }
  return parts;
}

Literal KeyLiteral(const Column& column, const KeyPart& part) {
  switch (column.type) {
    case mysql::kTypeTiny:
    case mysql::kTypeShort:
    case mysql::kTypeInt24:
    case mysql::kTypeLong:
    case mysql::kTypeLonglong:
    case mysql::kTypeYear:
    case mysql::kTypeBit:
      return IntegerLiteral(column, part);
    case mysql::kTypeFloat:
    case mysql::kTypeDouble:
      return RealLiteral(column, part);
    case mysql::kTypeNewDecimal:
      return DecimalLiteral(column, part);
    case mysql::kTypeDate:
    case mysql::kTypeTime2:
    case mysql::kTypeDatetime2:
    case mysql::kTypeTimestamp2:
      return TemporalLiteral(column, part);
    case mysql::kTypeString:
    case mysql::kTypeVarchar:
    case mysql::kTypeBlob:
    case mysql::kTypeEnum:
    case mysql::kTypeSet:
      return TextLiteral(column, part);
    default:
      return absl::UnimplementedError(absl::StrCat("column ", column.name, " of type ",
                                                   mysql::TypeName(column.type),
                                                   " cannot be looked up by its value"));
  }
}

}  // namespace dcp::verifier
