#include "tests/mysql/type_catalogue.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/servers/session.h"

namespace dcp::mysql {
namespace {

using Cases = std::vector<TypeCase>;
constexpr const char* kText = "CONVERT($0 USING utf8mb4)";
constexpr const char* kHexOf = "HEX($0)";
constexpr const char* kAsNumber = "$0+0";

// ENUM or SET with the labels l1 to lN.
std::string ManyLabels(const char* type, int count) {
  std::vector<std::string> labels;
  for (int i = 1; i <= count; ++i) labels.push_back(absl::StrCat("'l", i, "'"));
  return absl::StrCat(type, "(", absl::StrJoin(labels, ","), ")");
}

TypeCase OnlyMysql97(TypeCase c) {
  c.mysql56 = c.mariadb = false;
  return c;
}
TypeCase OnlyMariaDb(TypeCase c) {
  c.mysql97 = c.mysql56 = false;
  return c;
}
TypeCase Blob(TypeCase c) {
  c.blob = true;
  return c;
}
TypeCase Raw(const char* charset, std::string literal) {
  return {.name = absl::StrCat("raw_", charset),
          .type = absl::StrCat("VARCHAR(20) CHARSET ", charset),
          .form = TextForm::kRaw,
          .select = kHexOf,
          .literals = {std::move(literal)},
          .raw = charset};
}

void AddIntegers(Cases* cases) {
  struct Width {
    const char* type;
    const char* highest;
    const char* lowest;
    const char* beyond;  // as UNSIGNED only
    const char* all;
  };
  static constexpr Width kWidths[] = {
      {"TINYINT", "127", "-128", "128", "255"},
      {"SMALLINT", "32767", "-32768", "32768", "65535"},
      {"MEDIUMINT", "8388607", "-8388608", "8388608", "16777215"},
      {"INT", "2147483647", "-2147483648", "2147483648", "4294967295"},
      {"BIGINT", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
       "18446744073709551615"}};
  for (const Width& w : kWidths) {
    cases->push_back({.name = absl::StrCat("s_", w.type),
                      .type = w.type,
                      .form = TextForm::kNumber,
                      .literals = {"0", "1", "-1", w.highest, w.lowest}});
    cases->push_back({.name = absl::StrCat("u_", w.type),
                      .type = absl::StrCat(w.type, " UNSIGNED"),
                      .form = TextForm::kNumber,
                      .literals = {"0", w.highest, w.beyond, w.all}});
  }
  cases->push_back({.name = "zerofill",
                    .type = "INT(8) ZEROFILL",
                    .form = TextForm::kNumber,
                    .select = kAsNumber,
                    .literals = {"0", "42", "4294967295"}});
  cases->push_back({.name = "bool_",
                    .type = "BOOLEAN",
                    .form = TextForm::kNumber,
                    .literals = {"TRUE", "FALSE"}});
  cases->push_back({.name = "year_",
                    .type = "YEAR",
                    .form = TextForm::kNumber,
                    .select = kAsNumber,
                    .literals = {"0", "1901", "2000", "2155"}});
  for (const size_t bits : {1u, 7u, 8u, 9u, 16u, 31u, 33u, 63u, 64u}) {
    cases->push_back({.name = absl::StrCat("bit", bits),
                      .type = absl::StrCat("BIT(", bits, ")"),
                      .form = TextForm::kNumber,
                      .select = kAsNumber,
                      .literals = {"0", "1", absl::StrCat("b'1", std::string(bits - 1, '0'), "'"),
                                   absl::StrCat("b'", std::string(bits, '1'), "'")}});
  }
}

void AddNumbers(Cases* cases) {
  const auto decimal = [&](const char* digits, std::vector<std::string> literals) {
    std::string name = absl::StrCat("decimal", digits);
    for (char& c : name) c = c == ',' ? '_' : c;
    cases->push_back({.name = name,
                      .type = absl::StrCat("DECIMAL(", digits, ")"),
                      .form = TextForm::kDecimal,
                      .literals = std::move(literals)});
  };
  decimal("1,0", {"0", "9", "-9"});
  decimal("9,9", {"0.999999999", "-0.000000001", "0"});
  decimal("10,3",
          {"0", "-0.000", "1.5", "-1.5", "0.001", "-0.001", "9999999.999", "-9999999.999", "100"});
  decimal("18,9", {"999999999.999999999", "-1.000000001", "1000000000.5"});
  decimal("19,10", {"999999999.9999999999", "-0.0000000001", "10"});
  decimal("65,0", {"0", "-1", std::string(65, '9')});
  decimal("65,30",
          {"0", absl::StrCat(std::string(35, '9'), ".", std::string(30, '9')),
           absl::StrCat("-", std::string(35, '9'), ".", std::string(30, '9')),
           "0.000000000000000000000000000001", "-123456789.987654321", "1000000000.000000001"});
  decimal("30,30", {"0", "0.5", absl::StrCat("-0.", std::string(30, '9'))});
  cases->push_back({.name = "decimal_unsigned",
                    .type = "DECIMAL(12,4) UNSIGNED",
                    .form = TextForm::kDecimal,
                    .literals = {"0", "99999999.9999"}});
  cases->push_back(
      {.name = "float_",
       .type = "FLOAT",
       .form = TextForm::kFloat,
       .select = "$0*1e0",
       .literals = {"0", "1.5", "-0.1", "3.4028234e38", "-3.4028234e38", "1.17549435e-38",
                    "16777216", "7.565e-7", "1e-7", "123456784", "-0e0", "1e-45", "-1.1e-38"}});
  cases->push_back(
      {.name = "double_",
       .type = "DOUBLE",
       .form = TextForm::kDouble,
       .literals = {"0", "1.5", "-0.1", "1.7976931348623157e308", "1e15", "1e20", "1e21", "-1e-6",
                    "1e-7", "0.30000000000000004", "-0e0", "2.2250738585072014e-308", "5e-324",
                    "-2.2e-308", "9007199254740993"}});
}

void AddTemporals(Cases* cases) {
  struct Kind {
    const char* type;
    TextForm form;
    std::vector<std::string> whole;  // the others have a fraction appended
    std::vector<std::string> others;
  };
  const Kind kinds[] = {{"TIME",
                         TextForm::kTime,
                         {"00:00:00", "838:59:59", "-838:59:59"},
                         {"-00:00:00", "-00:00:01", "12:34:56", "-100:59:59", "837:59:59"}},
                        {"DATETIME",
                         TextForm::kDatetime,
                         {"0000-00-00 00:00:00", "2024-02-00 01:02:03", "2024-00-00 00:00:00"},
                         {"1000-01-01 00:00:00", "9999-12-31 23:59:59", "2024-02-29 23:59:58"}},
                        {"TIMESTAMP",
                         TextForm::kTimestamp,
                         {"0000-00-00 00:00:00", "2038-01-19 03:14:07"},
                         {"1970-01-01 00:00:01", "2000-02-29 23:59:59", "2024-07-01 12:00:00"}}};
  for (const Kind& kind : kinds) {
    for (size_t digits = 0; digits <= 6; ++digits) {
      std::vector<std::string> literals;
      for (const std::string& value : kind.whole) literals.push_back(test::Quoted(value));
      for (const std::string& value : kind.others) {
        for (const char* fraction : {"000000", "999999", "120000", "000001", "100000"}) {
          const std::string part(fraction, digits);
          literals.push_back(test::Quoted(digits == 0 ? value : absl::StrCat(value, ".", part)));
          if (digits == 0) break;
        }
      }
      TypeCase c{.name = absl::StrCat("new_", kind.type, digits),
                 .type = absl::StrCat(kind.type, "(", digits, ") NULL"),
                 .form = kind.form,
                 .literals = literals};
      cases->push_back(c);
      c.name = absl::StrCat("old_", kind.type, digits);
      c.old_temporal = true;
      cases->push_back(OnlyMariaDb(c));
    }
  }
  cases->push_back({.name = "date_",
                    .type = "DATE",
                    .literals = {"'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'",
                                 "'2024-00-00'", "'2024-02-00'"}});
  cases->push_back({.name = "timestamp_beyond",
                    .type = "TIMESTAMP NULL",
                    .form = TextForm::kTimestamp,
                    .literals = {"'2100-02-28 00:00:00'"}});
}

void AddTexts(Cases* cases) {
  const auto text = [&](const char* name, const char* type, std::vector<std::string> literals) {
    TypeCase c{.name = name, .type = type, .select = kText, .literals = std::move(literals)};
    c.blob = absl::StrCat(type).find("TEXT") != std::string::npos;
    return c;
  };
  for (const TypeCase& c : {
           text("char_", "CHAR(10) CHARSET utf8mb4", {"''", "'abc'", "'añ😀'", "'a  '"}),
           text("char63", "CHAR(63) CHARSET utf8mb4", {"''", "REPEAT('😀',63)"}),
           text("char64", "CHAR(64) CHARSET utf8mb4", {"'x'", "REPEAT('😀',64)"}),
           text("char255", "CHAR(255) CHARSET utf8mb4",
                {"''", "REPEAT('😀',255)", "REPEAT('a',255)"}),
           text("char_zero", "CHAR(0)", {"''"}),
           text("varchar_", "VARCHAR(20) CHARSET utf8mb4",
                {"''", "'añ😀 '", "'a,b\\\"c\\\\d\\/\\n\\t\\r\\b'", "x'00011A1F7F'"}),
           text("varchar63", "VARCHAR(63) CHARSET utf8mb4", {"REPEAT('😀',63)", "'x'"}),
           text("varchar64", "VARCHAR(64) CHARSET utf8mb4", {"REPEAT('😀',64)", "'x'"}),
           text("varchar3000", "VARCHAR(3000) CHARSET utf8mb4", {"''", "REPEAT('é',3000)"}),
           text("varchar_mb3", "VARCHAR(20) CHARSET utf8", {"''", "'añ€'"}),
           text("varchar_ascii", "VARCHAR(20) CHARSET ascii", {"'abc'", "x'7F00'"}),
           text("varchar_latin1", "VARCHAR(200) CHARSET latin1",
                {"'añ€'", "x'808182838485868788898A8B8C8D8E8F'",
                 "x'909192939495969798999A9B9C9D9E9F'", "x'A0FF7F00'"}),
           text("text_latin1", "TEXT CHARSET latin1", {"''", "'straße'"}),
           text("varchar_latin2", "VARCHAR(20) CHARSET latin2", {"'Łódź'"}),
           text("varchar_greek", "VARCHAR(20) CHARSET greek", {"'αβγ'"}),
           text("varchar_cp1251", "VARCHAR(20) CHARSET cp1251", {"'Привет'"}),
           text("varchar_hebrew", "VARCHAR(20) CHARSET hebrew", {"'שלום'"}),
           text("varchar_tis620", "VARCHAR(20) CHARSET tis620", {"'ไทย'"}),
           text("varchar_big5", "VARCHAR(20) CHARSET big5", {"'中文'", "'功'"}),
           text("varchar_gbk", "VARCHAR(20) CHARSET gbk", {"'中文'", "'a'"}),
           text("varchar_gb2312", "VARCHAR(20) CHARSET gb2312", {"'中文'"}),
           text("varchar_euckr", "VARCHAR(20) CHARSET euckr", {"'한국어'"}),
           text("varchar_ujis", "VARCHAR(20) CHARSET ujis", {"'日本語ｶﾅ'"}),
           text("varchar_sjis", "VARCHAR(40) CHARSET sjis", {"''", "'日本語ｶﾅ \\\\ ~'", "'表'"}),
           text("varchar_cp932", "VARCHAR(40) CHARSET cp932", {"'①日本'"}),
           text("char_ucs2", "CHAR(200) CHARSET ucs2", {"''", "'日本 a  '", "REPEAT('ÿ',200)"}),
           text("varchar_utf16", "VARCHAR(100) CHARSET utf16", {"''", "'a😀 '"}),
           text("varchar_utf32", "VARCHAR(100) CHARSET utf32", {"''", "'a😀 '"}),
           text("text_utf16le", "TEXT CHARSET utf16le", {"''", "'añ😀'", "REPEAT('é',20000)"}),
           text("text_koi8r", "MEDIUMTEXT CHARSET koi8r", {"'Привет'"}),
           OnlyMysql97(text("char_gb18030", "CHAR(100) CHARSET gb18030", {"''", "'中é😀  '"})),
           text("tinytext", "TINYTEXT", {"''", "'ä'", "REPEAT('x',255)"}),
           text("text_", "TEXT", {"''", "REPEAT('x',256)", "REPEAT('ä',32767)"}),
           text("mediumtext", "MEDIUMTEXT", {"''", "REPEAT('x',65536)"}),
           text("longtext", "LONGTEXT", {"''", "'x'", "REPEAT('ä',70000)"}),
       }) {
    cases->push_back(c);
  }
  cases->push_back(Raw("sjis", "x'8740'"));
  cases->push_back(Raw("gbk", "x'61A2AB'"));
}

void AddBytes(Cases* cases) {
  const auto bytes = [](const char* name, const char* type, std::vector<std::string> literals) {
    TypeCase c{.name = name,
               .type = type,
               .form = TextForm::kHex,
               .select = kHexOf,
               .literals = std::move(literals)};
    c.blob = absl::StrCat(type).find("BLOB") != std::string::npos;
    return c;
  };
  const auto binary = [&](const char* name, const char* type, std::vector<std::string> literals) {
    TypeCase c = bytes(name, type, std::move(literals));
    c.form = TextForm::kPaddedHex;
    return c;
  };
  // Little-endian: SRID, then WKB.
  const char* const kPoint = "x'000000000101000000000000000000F03F0000000000000040'";
  const char* const kLine =
      "x'0000000001020000000200000000000000000000000000000000000000000000000000F03F"
      "000000000000F0BF'";
  for (const TypeCase& c : {
           binary("binary_", "BINARY(5)",
                  {"x''", "x'0001'", "x'0100'", "x'FFFFFFFFFF'", "x'6100620000'"}),
           binary("binary255", "BINARY(255)",
                  {"x'00'", "REPEAT(x'FF',255)", "REPEAT(x'2000',127)"}),
           bytes("varbinary_", "VARBINARY(300)",
                 {"x''", "x'0100'", "x'00'", "REPEAT(x'FF00',150)"}),
           bytes("varbinary255", "VARBINARY(255)", {"x'00'", "REPEAT(x'FE',255)"}),
           bytes("tinyblob", "TINYBLOB", {"x''", "x'00FF'", "REPEAT(x'AB',255)"}),
           bytes("blob_", "BLOB", {"x''", "x'00FF00'", "REPEAT(x'01',65535)"}),
           bytes("mediumblob", "MEDIUMBLOB", {"x''", "REPEAT(x'00',70000)"}),
           bytes("longblob", "LONGBLOB", {"x'FF'", "REPEAT(x'0001',70000)"}),
           bytes("geometry_", "GEOMETRY", {kPoint, kLine}),
           bytes("point_", "POINT", {kPoint}),
           bytes("linestring_", "LINESTRING", {kLine}),
       }) {
    cases->push_back(c);
  }
  cases->push_back(OnlyMysql97(bytes(
      "geometry_srid", "GEOMETRY",
      {"ST_GeomFromText('LINESTRING(0 0,1 1)', 4326)", "ST_GeomFromText('POINT(1e300 -0.5)')"})));
  cases->push_back(OnlyMysql97(bytes("vector_", "VECTOR(3)", {"TO_VECTOR('[1,-2.5,3e10]')"})));
  cases->push_back(OnlyMysql97(
      bytes("vector_long", "VECTOR(16383)",
            {"TO_VECTOR(CONCAT('[', REPEAT('0.1,', 16382), '-1e-30]'))", "TO_VECTOR('[0]')"})));
}

void AddLabels(Cases* cases) {
  const auto labels = [](const char* name, std::string type, std::vector<std::string> literals) {
    return TypeCase{
        .name = name, .type = std::move(type), .select = kText, .literals = std::move(literals)};
  };
  for (const TypeCase& c : {
           labels("enum_", "ENUM('a','b''c','x,y','','é','q\\\\w','n\\nl') CHARSET utf8mb4",
                  {"'a'", "'b\\'c'", "'x,y'", "''", "'é'", "'q\\\\w'", "'n\\nl'"}),
           labels("enum_invalid", "ENUM('a','b')", {"'no such label'", "'b'"}),
           labels("enum_latin1", "ENUM('é','ü') CHARSET latin1", {"'é'", "'ü'"}),
           labels("enum_gbk", "ENUM('中','文') CHARSET gbk", {"'文'", "'中'"}),
           labels("enum255", ManyLabels("ENUM", 255), {"1", "255"}),
           labels("enum256", ManyLabels("ENUM", 256), {"1", "255", "256"}),
           labels("enum1000", ManyLabels("ENUM", 1000), {"1", "257", "1000"}),
           labels("set_", "SET('a','b','c','d','e','f','g','h','i') CHARSET utf8mb4",
                  {"''", "'a'", "'i,a'", "'a,b,c,d,e,f,g,h,i'"}),
           labels("set_ujis", "SET('日','本','語') CHARSET ujis", {"'日,語'", "''"}),
           labels("set8", ManyLabels("SET", 8), {"0", "128", "255"}),
           labels("set17", ManyLabels("SET", 17), {"65536", "131071"}),
           labels("set33", ManyLabels("SET", 33), {"4294967296", "8589934591"}),
           labels("set64", ManyLabels("SET", 64),
                  {"0", "1", "9223372036854775808", "18446744073709551615", "4294967296"}),
       }) {
    cases->push_back(c);
  }
}

void AddJson(Cases* cases) {
  cases->push_back(OnlyMysql97(
      {.name = "json_",
       .type = "JSON",
       .form = TextForm::kJson,
       .select = "CAST($0 AS CHAR)",
       .literals = {
           "'null'",
           "'true'",
           "'{}'",
           "'[]'",
           "'0'",
           "'-1'",
           "'65535'",
           "'-32769'",
           "'4294967295'",
           "'-2147483649'",
           "'18446744073709551615'",
           "'-9223372036854775808'",
           "'1.0'",
           "'-0.0'",
           "'1e20'",
           "'0.1'",
           "'123456789012345678901234'",
           "'\"\"'",
           "'\"q\\\\\"uote \\\\\\\\ \\\\n \\\\u0001 é 😀\"'",
           "'{\"bb\": 1, \"a\": [1, 2.50, null, {\"x\": {}}], \"\": false, \"aa\": \"s\"}'",
           "JSON_OBJECT('d', CAST(1.50 AS DECIMAL(5,2)), 'neg', CAST(-0.001 AS DECIMAL(9,3)))",
           "JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST('-12:34:56.5' AS TIME(6)), "
           "CAST('2024-02-29 01:02:03.004' AS DATETIME(6)))",
           "JSON_ARRAY(x'00FF', b'101')",
           "JSON_ARRAY(CAST(-99999999999999999999999999999999999.999999999999999999999999999999 AS "
           "DECIMAL(65,30)))",
           "CONCAT(REPEAT('[', 100), REPEAT(']', 100))",
           "JSON_OBJECT(REPEAT('k', 60000), JSON_ARRAY(CAST(TIMESTAMP'2024-01-01 00:00:00' AS "
           "DATETIME(3)), CAST('838:59:59' AS TIME)))",
           "CAST(CONCAT('{', REPEAT('\"same\":1,', 10), '\"z\":[', REPEAT('70000,', 70000), '1]}') "
           "AS JSON)",
           "JSON_ARRAY(REPEAT('long ', 20000), 1, -70000, 70000)",
           "CAST(CONCAT('[', REPEAT('{\"key\": [12345678, \"v\"]},', 3000), '1]') AS JSON)"}}));
}

void AddMariaDbsOwn(Cases* cases) {
  for (TypeCase c : Cases{
           {.name = "uuid_",
     .type = "UUID",
     .literals = {"'123e4567-e89b-12d3-a456-426614174000'",
                  "'00000000-0000-0000-0000-000000000000'",
                  "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
                  "'f47ac10b-58cc-4372-a567-000000000000'"}},
           {.name = "inet4_",
           .type = "INET4",
           .literals = {"'0.0.0.0'", "'255.255.255.255'", "'192.0.2.0'", "'10.0.0.0'"}},
           {.name = "inet6_",
           .type = "INET6",
           .literals = {"'::'", "'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:1.2.3.4'",
                        "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'1:0:0:2::'", "'fe80::'"}},
           {.name = "varchar_compressed",
           .type = "VARCHAR(300) COMPRESSED CHARSET latin1",
           .select = kText,
           .literals = {"''", "'é'", "REPEAT('é',300)"}},
           {.name = "varbinary_compressed",
           .type = "VARBINARY(2000) COMPRESSED",
           .form = TextForm::kHex,
           .select = kHexOf,
           .literals = {"x''", "x'00'", "REPEAT(x'00FF',1000)"}},
           Blob({.name = "text_compressed",
           .type = "TEXT COMPRESSED",
           .select = kText,
           .literals = {"''", "'x'", "REPEAT('añ',20000)"}}),
           Blob({.name = "mediumblob_compressed",
           .type = "MEDIUMBLOB COMPRESSED",
           .form = TextForm::kHex,
           .select = kHexOf,
           .literals = {"x'FF'", "REPEAT(x'0001',100000)"}}),
       }) {
    cases->push_back(OnlyMariaDb(std::move(c)));
  }
}

Cases* MakeCatalogue() {
  auto* const cases = new Cases;
  AddIntegers(cases);
  AddNumbers(cases);
  AddTemporals(cases);
  AddTexts(cases);
  AddBytes(cases);
  AddLabels(cases);
  AddJson(cases);
  AddMariaDbsOwn(cases);
  return cases;
}

// Every second one of `literals` NULL, beginning with the first or the second.
std::vector<std::string> HalfNull(std::vector<std::string> literals, size_t first) {
  for (size_t i = first; i < literals.size(); i += 2) literals[i] = "NULL";
  return literals;
}

WideCase AllBits() {
  WideCase wide{.name = "all_bits", .columns = {}, .rows = {}};
  std::vector<std::string> ones, highest, zeros;
  for (size_t bits = 1; bits <= 64; ++bits) {
    wide.columns.push_back({absl::StrCat("BIT(", bits, ")"), TextForm::kNumber, kAsNumber});
    ones.push_back(absl::StrCat("b'", std::string(bits, '1'), "'"));
    highest.push_back(absl::StrCat("b'1", std::string(bits - 1, '0'), "'"));
    zeros.push_back("0");
  }
  wide.rows = {ones, highest, zeros, HalfNull(ones, 0), HalfNull(highest, 1)};
  return wide;
}

// All precisions, each with no, half and the longest fraction.
WideCase AllDecimals() {
  WideCase wide{.name = "all_decimals", .columns = {}, .rows = {}};
  std::vector<std::string> highest, lowest, units;
  for (size_t precision = 1; precision <= 65; ++precision) {
    const size_t most = std::min<size_t>(precision, 30);
    for (const size_t scale : {size_t{0}, most / 2, most}) {
      wide.columns.push_back(
          {absl::StrCat("DECIMAL(", precision, ",", scale, ")"), TextForm::kDecimal});
      std::string digits(precision, '9');
      digits.insert(precision - scale, ".");
      highest.push_back("0" + digits);
      lowest.push_back("-0" + digits);
      units.push_back(scale == 0 ? "1" : absl::StrCat("-0.", std::string(scale - 1, '0'), "1"));
    }
  }
  wide.rows = {highest, lowest, units, HalfNull(highest, 0), HalfNull(lowest, 1)};
  return wide;
}

WideCase GeneratedAndInvisible() {
  return {.name = "generated",
          .columns = {{"INT", TextForm::kNumber},
                      {"INT AS (c0 + 1) VIRTUAL", TextForm::kNumber},
                      {"BIGINT AS (c0 * 2) STORED", TextForm::kNumber},
                      {"VARCHAR(20) CHARSET utf8mb4 AS (CONCAT('é', c0)) STORED", TextForm::kPlain},
                      {"INT DEFAULT 7 INVISIBLE", TextForm::kNumber}},
          .rows = {{"1", "DEFAULT", "DEFAULT", "DEFAULT", "8"},
                   {"-2147483648", "DEFAULT", "DEFAULT", "DEFAULT", "DEFAULT"},
                   {"NULL", "DEFAULT", "DEFAULT", "DEFAULT", "NULL"}},
          .mysql56 = false};
}

}  // namespace

bool TypeCase::On(test::Flavour flavour) const {
  switch (flavour) {
    case test::Flavour::kMysql97:
      return mysql97;
    case test::Flavour::kMysql56:
      return mysql56;
    case test::Flavour::kMariaDb:
      return mariadb;
  }
  return false;
}

const std::vector<TypeCase>& TypeCatalogue() {
  static const Cases* const cases = MakeCatalogue();
  return *cases;
}

const std::vector<WideCase>& WideCatalogue() {
  static const auto* const cases =
      new std::vector<WideCase>{AllBits(), AllDecimals(), GeneratedAndInvisible()};
  return *cases;
}

}  // namespace dcp::mysql
