#include "verifier/column_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::HasSubstr;
using Kind = model::Value::Kind;
using namespace std::string_literals;  // NOLINT(google-build-using-namespace): for "…\0…"s

mysql::Column Column(uint8_t type, uint32_t collation = 45) {
  mysql::Column column;
  column.name = "c`d";
  column.type = type;
  column.collation = collation;
  return column;
}

model::Value Read(const mysql::Column& column, const std::optional<std::string>& text) {
  model::Value value;
  EXPECT_OK(ToValue(column, text, &value));
  return value;
}

TEST(ToValueTest, IntegersFollowTheSignOfTheColumn) {
  mysql::Column column = Column(mysql::kTypeLonglong);
  EXPECT_EQ(Read(column, "-9223372036854775808").signed_int, INT64_MIN);
  column.is_unsigned = true;
  EXPECT_EQ(Read(column, "18446744073709551615").unsigned_int, UINT64_MAX);
  EXPECT_EQ(Read(column, "00000000000000000042").unsigned_int, 42u) << "ZEROFILL";
  EXPECT_EQ(Read(Column(mysql::kTypeBit), "18446744073709551615").unsigned_int, UINT64_MAX);
  EXPECT_EQ(Read(Column(mysql::kTypeYear), "0000").kind, Kind::kUint);
}

TEST(ToValueTest, NullIsNullInEveryType) {
  for (const uint8_t type : {mysql::kTypeLong, mysql::kTypeJson, mysql::kTypeVarchar}) {
    EXPECT_EQ(Read(Column(type), std::nullopt).kind, Kind::kNull);
  }
}

TEST(ToValueTest, DecimalsAreNormalised) {
  const mysql::Column column = Column(mysql::kTypeNewDecimal);
  EXPECT_EQ(Read(column, "12.50").text, "12.5");
  EXPECT_EQ(Read(column, "0012.00").text, "12");
  EXPECT_EQ(Read(column, "-0.00").text, "0");
  EXPECT_EQ(Read(column, "-0.05").text, "-0.05");
  EXPECT_EQ(Read(column, "100").text, "100");
}

TEST(ToValueTest, BinaryOfFixedLengthLosesItsTrailingZeros) {
  EXPECT_EQ(Read(Column(mysql::kTypeString, mysql::kBinaryCollation), "a\0b\0\0"s).text, "a\0b"s);
  EXPECT_EQ(Read(Column(mysql::kTypeString, mysql::kBinaryCollation), "\0\0"s).text, "");
  EXPECT_EQ(Read(Column(mysql::kTypeVarchar, mysql::kBinaryCollation), "a\0"s).text, "a\0"s);
}

TEST(ToValueTest, TemporalsAreAsBinlogsGiveThem) {
  mysql::Civil civil{2026, 2, 28, 13, 14, 15, 250000, false};
  std::string expected;
  mysql::DatetimeToText(civil, &expected);
  EXPECT_EQ(Read(Column(mysql::kTypeDatetime2), "2026-02-28 13:14:15.250000").text, expected);
  ASSERT_TRUE(mysql::TimestampToText(1772284455, 250000, &expected));
  EXPECT_EQ(Read(Column(mysql::kTypeTimestamp2), "2026-02-28 13:14:15.250").text, expected);
  ASSERT_TRUE(mysql::TimestampToText(0, 0, &expected));
  EXPECT_EQ(Read(Column(mysql::kTypeTimestamp2), "0000-00-00 00:00:00").text, expected);
  civil = {.hour = 838, .minute = 59, .second = 59, .negative = true};
  mysql::TimeToText(civil, &expected);
  EXPECT_EQ(Read(Column(mysql::kTypeTime2), "-838:59:59.000000").text, expected);
}

TEST(ToValueTest, WhatIsNoValueOfTheTypeIsNamed) {
  struct Case {
    uint8_t type;
    const char* text;
  };
  for (const Case& c :
       {Case{mysql::kTypeLong, "x"}, Case{mysql::kTypeLong, ""}, Case{mysql::kTypeDouble, "1x"},
        Case{mysql::kTypeNewDecimal, "1,5"}, Case{mysql::kTypeDate, "2026-2-3"},
        Case{mysql::kTypeTime2, "1:00:00"}, Case{mysql::kTypeDatetime2, "2026-02-28 13:14"},
        Case{mysql::kTypeTimestamp2, "1969-12-31 23:59:59"}}) {
    model::Value value;
    EXPECT_THAT(ToValue(Column(c.type), c.text, &value),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("c`d")))
        << c.text;
  }
}

TEST(SelectExpressionTest, NumbersThatServersShortenAreWidened) {
  EXPECT_EQ(SelectExpression(Column(mysql::kTypeFloat)), "`c``d` + 0e0");
  EXPECT_EQ(SelectExpression(Column(mysql::kTypeBit)), "`c``d` + 0");
  EXPECT_EQ(SelectExpression(Column(mysql::kTypeVarchar)), "`c``d`");
}

TEST(CheckReadableTest, UnknownTypesAreRefused) {
  EXPECT_OK(CheckReadable(Column(mysql::kTypeVector)));
  EXPECT_THAT(CheckReadable(Column(mysql::kTypeNull)), HasCode(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace dcp::verifier
