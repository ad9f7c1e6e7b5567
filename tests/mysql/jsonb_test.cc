#include "mysql/jsonb.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "tests/mysql/test_events.h"

namespace dcp::mysql {
namespace {

std::string Text(const std::string& jsonb) {
  std::string out = "old";
  return JsonbToText(AsBytes(jsonb), &out) ? out : "refused";
}

std::string Double(double value) { return "\x0b" + Le(std::bit_cast<uint64_t>(value), 8); }

std::string String(const std::string& text) {
  return std::string("\x0c") + static_cast<char>(text.size()) + text;
}

// A small array of one element of `type` whose value follows at once.
std::string ArrayOf(uint8_t type, const std::string& value) {
  return std::string("\x02") + Le(1, 2) + Le(7 + value.size(), 2) + Le(type, 1) + Le(7, 2) + value;
}

TEST(JsonbTest, ScalarsKeepTheirKind) {
  EXPECT_EQ(Text(""), "null");
  EXPECT_EQ(Text(std::string("\x04\x00", 2)), "null");
  EXPECT_EQ(Text("\x04\x01"), "true");
  EXPECT_EQ(Text("\x05" + Le(0x8000, 2)), "-32768");
  EXPECT_EQ(Text("\x06" + Le(0xffff, 2)), "65535");
  EXPECT_EQ(Text("\x09" + Le(uint64_t{1} << 63, 8)), "-9223372036854775808");
  EXPECT_EQ(Text("\x0a" + Le(~uint64_t{0}, 8)), "18446744073709551615");
}

TEST(JsonbTest, DoublesRoundTripAndStayDoubles) {
  EXPECT_EQ(Text(Double(1)), "1.0");
  EXPECT_EQ(Text(Double(-0.0)), "-0.0");
  EXPECT_EQ(Text(Double(0.1)), "0.1");
  EXPECT_EQ(Text(Double(1e300)), "1e+300");
  EXPECT_EQ(Text(Double(0.30000000000000004)), "0.30000000000000004");
  EXPECT_EQ(Text("\x0b" + Le(0x7ff0000000000000, 8)), "refused");  // infinity
}

TEST(JsonbTest, StringsAreEscapedWhereJsonDemands) {
  EXPECT_EQ(Text(String("a\"b\\c\b\f\n\r\t\x01\x1f/é")), R"("a\"b\\c\b\f\n\r\t\u0001\u001f/é")");
}

TEST(JsonbTest, ContainersOfTheServer) {
  // {"k": [1, 2.0, null]}
  const std::string value = std::string("\x00", 1) + Le(1, 2) + Le(33, 2) + Le(11, 2) + Le(1, 2) +
                            "\x02" + Le(12, 2) + "k" + Le(3, 2) + Le(21, 2) + "\x05" + Le(1, 2) +
                            "\x0b" + Le(13, 2) + "\x04" + Le(0, 2) +
                            Le(std::bit_cast<uint64_t>(2.0), 8);
  EXPECT_EQ(Text(value), R"({"k":[1,2.0,null]})");
  for (size_t size = 1; size < value.size(); ++size) {
    EXPECT_EQ(Text(value.substr(0, size)), "refused") << size;
  }
}

TEST(JsonbTest, UnknownOpaqueTypesAreBase64) {
  EXPECT_EQ(Text(std::string("\x0f\xfc\x02\x00\xff", 5)), "\"base64:type252:AP8=\"");
}

TEST(JsonbTest, OpaqueDecimalsKeepTheirScale) {
  EXPECT_EQ(Text(std::string("\x0f\xf6\x04\x03\x01\x81\x00", 7)), "1.0");
}

// A server's own, of CAST(… AS DECIMAL(65,30)): it says that it has 66 digits.
TEST(JsonbTest, OpaqueDecimalsMayHaveMoreDigitsThanColumns) {
  const std::string packed =
      std::string("\x7a\x0a\x1f", 3) + std::string(1, '\0') + "\xc4\x65\x36" +
      std::string(1, '\0') + "\xc4\x65\x36" + std::string(1, '\0') + "\xc4\x65\x36" +
      std::string(1, '\0') + "\xc4\x65\x36" + std::string(1, '\0') + "\xc4\x65\x36" +
      std::string(1, '\0') + "\xc4\x65\x36" + std::string(1, '\0') + "\xfc\x18";
  EXPECT_EQ(Text("\x0f\xf6\x20\x42\x1e" + packed),
            "-" + std::string(35, '9') + "." + std::string(30, '9'));
  EXPECT_EQ(Text("\x0f\xf6\x30\x52\x1e" + std::string(46, '\x80')), "refused");  // 82 digits
  EXPECT_EQ(Text("\x0f\xf6\x30\x05\x06" + std::string(46, '\x80')), "refused");
}

TEST(JsonbTest, DamageIsRefused) {
  EXPECT_EQ(Text("\x63"), "refused");                      // no such type
  EXPECT_EQ(Text("\x04\x03"), "refused");                  // no such literal
  EXPECT_EQ(Text("\x0c\x7f"), "refused");                  // longer than the rest
  EXPECT_EQ(Text("\x0c\xff\xff\xff\xff\xff"), "refused");  // length without end
  EXPECT_EQ(Text(std::string("\x01") + Le(0xffffffff, 4) + Le(8, 4)), "refused");
}

TEST(JsonbTest, AContainerInsideItselfEnds) {
  // One element whose offset is the container's own start.
  EXPECT_EQ(Text(std::string("\x02") + Le(1, 2) + Le(7, 2) + "\x02" + Le(0, 2)), "refused");
}

TEST(JsonbTest, SharedPartsDoNotMultiply) {
  // Two elements that both lead to the next level, forty levels deep: 2^40
  // values if offsets were believed.
  std::string value;
  for (int i = 0; i < 40; ++i) {
    value = Le(2, 2) + Le(10 + value.size(), 2) + "\x02" + Le(10, 2) + "\x02" + Le(10, 2) + value;
  }
  EXPECT_EQ(Text("\x02" + value), "refused");
}

TEST(JsonbTest, HundredLevelsAreReadAndNoMore) {
  const auto nested = [](int levels) {
    std::string value = Le(0, 2) + Le(4, 2);
    for (int i = 1; i < levels; ++i) value = ArrayOf(2, value).substr(1);
    return "\x02" + value;
  };
  EXPECT_EQ(Text(nested(100)), std::string(100, '[') + std::string(100, ']'));
  EXPECT_EQ(Text(nested(101)), "refused");
}

}  // namespace
}  // namespace dcp::mysql
