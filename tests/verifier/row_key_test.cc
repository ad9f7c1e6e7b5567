#include "verifier/row_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace): for "…\0…"s

KeyPart Number(const std::string& text) { return {KeyPart::Kind::kNumber, text}; }
KeyPart Text(const std::string& text) { return {KeyPart::Kind::kText, text}; }
KeyPart Raw(const std::string& text) { return {KeyPart::Kind::kRaw, text}; }

mysql::Column Column(uint8_t type, uint16_t meta = 0, uint32_t collation = 45) {
  mysql::Column column;
  column.name = "k";
  column.type = type;
  column.meta = meta;
  column.collation = collation;
  return column;
}
mysql::Column Varchar() { return Column(mysql::kTypeVarchar, 400); }

std::string Literal(const mysql::Column& column, const KeyPart& part) {
  const auto literal = KeyLiteral(column, part);
  EXPECT_OK(literal);
  if (!literal.ok()) return "";
  return literal->value_or("no such value");
}

TEST(ParseKeyTextTest, GivesTheValuesInOrder) {
  ASSERT_OK_AND_ASSIGN(const auto key, ParseKeyText("shop.orders", R"(shop.orders[42,"eu",-1])"));
  EXPECT_THAT(key, ElementsAre(Number("42"), Text("eu"), Number("-1")));
}

TEST(ParseKeyTextTest, KeepsTheLargestIntegers) {
  ASSERT_OK_AND_ASSIGN(const auto key,
                       ParseKeyText("t", "t[18446744073709551615,-9223372036854775808]"));
  EXPECT_THAT(key, ElementsAre(Number("18446744073709551615"), Number("-9223372036854775808")));
}

TEST(ParseKeyTextTest, UnescapesStrings) {
  ASSERT_OK_AND_ASSIGN(const auto key,
                       ParseKeyText("t", "t[\"a\\\"b\\\\c\\u0000\\n\U0001F363]\"]"));
  EXPECT_THAT(key, ElementsAre(Text("a\"b\\c\0\n\U0001F363]"s)));
}

TEST(ParseKeyTextTest, NamesMayHoldBrackets) {
  ASSERT_OK_AND_ASSIGN(const auto key, ParseKeyText("d.t[1]", "d.t[1][2]"));
  EXPECT_THAT(key, ElementsAre(Number("2")));
}

class BadKeyTextTest : public ::testing::TestWithParam<std::string> {};

TEST_P(BadKeyTextTest, IsRefusedWithTheTableNamed) {
  EXPECT_THAT(ParseKeyText("shop.orders", GetParam()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("shop.orders")));
}

INSTANTIATE_TEST_SUITE_P(, BadKeyTextTest,
                         ::testing::Values("", "shop.orders", "shop.orders[", "shop.orders[]",
                                           "shop.orders[1", "shop.orders[1]x",
                                           "shop.orders{\"a\":1}", "shop.orders[null]",
                                           "shop.orders[[1]]", "shop.orders[true]", "shop.order[1]",
                                           "42", "shop.orders[1];DROP TABLE x",
                                           "shop.orders[\"\xff\"]", "shop.orders[1e999]",
                                           "shop.orders" + std::string(100000, '[')));

TEST(KeyLiteralTest, IntegersStandAsTheyAre) {
  EXPECT_EQ(Literal(Column(mysql::kTypeLong), Number("-42")), "-42");
  EXPECT_EQ(Literal(Column(mysql::kTypeLonglong), Number("18446744073709551615")),
            "18446744073709551615");
  EXPECT_EQ(Literal(Column(mysql::kTypeBit, 8), Number("5")), "5");
  EXPECT_EQ(Literal(Column(mysql::kTypeYear), Raw("2024")), "2024");
}

TEST(KeyLiteralTest, HostileTextNeverLeavesItsQuotes) {
  EXPECT_EQ(Literal(Varchar(), Text("'; DROP TABLE x; --")), R"('\'; DROP TABLE x; --')");
  EXPECT_EQ(Literal(Varchar(), Text("\\' OR 1=1")), R"('\\\' OR 1=1')");
  EXPECT_EQ(Literal(Varchar(), Text("a\0b\n\r\x1a\"`"s)), R"('a\0b\n\r\Z\"`')");
  EXPECT_EQ(Literal(Varchar(), Text("\U0001F363")), "'\U0001F363'");
}

TEST(KeyLiteralTest, TextThatIsNoUtf8IsRefused) {
  EXPECT_THAT(KeyLiteral(Varchar(), Text("\xff'")), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Varchar(), Raw("\xbf\x27")), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(KeyLiteralTest, BinaryColumnsAreLookedUpByTheirBytes) {
  const mysql::Column varbinary = Column(mysql::kTypeVarchar, 9, mysql::kBinaryCollation);
  EXPECT_EQ(Literal(varbinary, Text("yv4=")), "x'cafe'");
  EXPECT_EQ(Literal(varbinary, Text("")), "x''");
  EXPECT_EQ(Literal(varbinary, Raw("'\0"s)), "x'2700'");
  EXPECT_THAT(KeyLiteral(varbinary, Text("' OR 1=1")), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(KeyLiteralTest, BinaryOfFixedLengthGetsItsZerosBack) {
  const mysql::Column binary = Column(mysql::kTypeString, 4, mysql::kBinaryCollation);
  EXPECT_EQ(Literal(binary, Text("yv4=")), "x'cafe0000'");
}

TEST(KeyLiteralTest, RealNumbersAreExactDoubles) {
  EXPECT_EQ(Literal(Column(mysql::kTypeFloat, 4), Number("0.1")), "0.10000000149011612e0");
  EXPECT_EQ(Literal(Column(mysql::kTypeDouble, 8), Number("0.1")), "0.10000000000000001e0");
  EXPECT_EQ(Literal(Column(mysql::kTypeDouble, 8), Number("1e+300")), "1.0000000000000001e+300");
  EXPECT_EQ(Literal(Column(mysql::kTypeDouble, 8), Number("5")), "5e0");
}

TEST(KeyLiteralTest, DecimalsKeepAllDigits) {
  const std::string digits = "-12345678901234567890123456789012345.678901234567890123456789012345";
  EXPECT_EQ(Literal(Column(mysql::kTypeNewDecimal), Text(digits)),
            "-12345678901234567890123456789012345.678901234567890123456789012345");
  for (const std::string bad : {"1;", "1e5", "", ".", "-", "0x1", "1.2.3", " 1"}) {
    EXPECT_THAT(KeyLiteral(Column(mysql::kTypeNewDecimal), Text(bad)),
                HasCode(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(KeyLiteralTest, TemporalsAreWrittenAsServersReadThem) {
  EXPECT_EQ(Literal(Column(mysql::kTypeDate), Text("2026-02-28")), "'2026-02-28'");
  EXPECT_EQ(Literal(Column(mysql::kTypeTime2, 1), Text("-838:59:59.5")), "'-838:59:59.5'");
  for (const uint8_t type : {mysql::kTypeDatetime2, mysql::kTypeTimestamp2}) {
    EXPECT_EQ(Literal(Column(type, 6), Text("2026-02-28T13:14:15.25Z")),
              "'2026-02-28T13:14:15.25'");
    EXPECT_EQ(Literal(Column(type, 6), Text("2026-02-28 13:14:15.25")), "'2026-02-28T13:14:15.25'");
  }
  for (const std::string bad : {"", "2026", "2026-02-28x", "2026-02-28' OR 1=1 --", "99:99"}) {
    EXPECT_THAT(KeyLiteral(Column(mysql::kTypeDatetime2), Text(bad)),
                HasCode(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(KeyLiteralTest, CharactersThatTheCharsetLacksAreInNoRow) {
  const mysql::Column latin1 = Column(mysql::kTypeVarchar, 20, 8);
  EXPECT_EQ(Literal(latin1, Text("€ü")), "'€ü'");
  EXPECT_EQ(Literal(latin1, Text("ß\U0001F363")), "no such value");
  EXPECT_EQ(Literal(latin1, Text("ő")), "no such value");
  const mysql::Column utf8mb3 = Column(mysql::kTypeVarchar, 20, 33);
  EXPECT_EQ(Literal(utf8mb3, Text("ő寿")), "'ő寿'");
  EXPECT_EQ(Literal(utf8mb3, Text("\U0001F363")), "no such value");
  EXPECT_EQ(Literal(Column(mysql::kTypeVarchar, 20, 11), Text("ü")), "no such value");
}

TEST(KeyLiteralTest, AValueOfAnotherTypeIsRefusedWithTheColumnNamed) {
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeLong), Text("1 OR 1=1")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("column k")));
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeLong), Raw("1 OR 1=1")),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeLong), Number("1.5")),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Varchar(), Number("1")), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeFloat), Raw("nan")),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeFloat), Number("1e300")),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(KeyLiteral(Column(mysql::kTypeJson), Text("{}")),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("column k")));
}

}  // namespace
}  // namespace dcp::verifier
