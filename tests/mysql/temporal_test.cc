#include "mysql/temporal.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "mysql/bytes.h"

namespace dcp::mysql {
namespace {

using Converter = bool (*)(const uint8_t*, uint32_t, std::string*);

std::string Convert(Converter convert, const char* hex, uint32_t digits) {
  const std::string bytes = absl::HexStringToBytes(hex);
  std::string out;
  return convert(AsBytes(bytes).data(), digits, &out) ? out : "refused";
}

// Bytes from the comments of the server's my_time.cc.
TEST(TemporalTest, NegativeTimesBorrowFromTheirFraction) {
  EXPECT_EQ(Convert(&Time2ToText, "80000000", 2), "00:00:00");
  EXPECT_EQ(Convert(&Time2ToText, "7fffffff", 2), "-00:00:00.01");
  EXPECT_EQ(Convert(&Time2ToText, "7fffff9d", 2), "-00:00:00.99");
  EXPECT_EQ(Convert(&Time2ToText, "7fffff00", 2), "-00:00:01");
  EXPECT_EQ(Convert(&Time2ToText, "7ffffeff", 2), "-00:00:01.01");
  EXPECT_EQ(Convert(&Time2ToText, "7ffffef6", 2), "-00:00:01.1");
  EXPECT_EQ(Convert(&Time2ToText, "7fffffffffff", 6), "-00:00:00.000001");
}

TEST(TemporalTest, TimesHaveTwoOrThreeHourDigits) {
  EXPECT_EQ(Convert(&Time2ToText, "b46efb", 0), "838:59:59");
  EXPECT_EQ(Convert(&Time2ToText, "4b9105", 0), "-838:59:59");
  EXPECT_EQ(Convert(&Time2ToText, "801040", 0), "01:01:00");
}

TEST(TemporalTest, ImpossibleTimesAreRefused) {
  EXPECT_EQ(Convert(&Time2ToText, "80003f", 0), "refused");          // 63 seconds
  EXPECT_EQ(Convert(&Time2ToText, "800000ff", 2), "refused");        // 255 hundredths
  EXPECT_EQ(Convert(&Datetime2ToText, "0000000000", 0), "refused");  // negative
  EXPECT_EQ(Convert(&Datetime2ToText, "ffffffffff", 0), "refused");
  EXPECT_EQ(Convert(&Timestamp2ToText, "00000001ffffff", 6), "refused");
}

TEST(TemporalTest, ZeroDatesStay) {
  EXPECT_EQ(Convert(&Datetime2ToText, "8000000000", 0), "0000-00-00T00:00:00");
  EXPECT_EQ(Convert(&Timestamp2ToText, "00000000", 0), "0000-00-00T00:00:00Z");
  std::string out;
  const uint8_t zero[3] = {0, 0, 0};
  ASSERT_TRUE(DateBytesToText(zero, &out));
  EXPECT_EQ(out, "0000-00-00");
}

TEST(TemporalTest, TimestampsAgreeWithTheCLibrary) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 20000; ++round) {
    const auto seconds = static_cast<uint32_t>(round == 0 ? 0xffffffff : random() | 1);
    const time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[32];
    std::strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &parts);
    std::string out;
    ASSERT_TRUE(TimestampToText(seconds, 0, &out));
    ASSERT_EQ(out, expected) << seconds;
  }
}

TEST(TemporalTest, FormsFromBefore564) {
  std::string out;
  ASSERT_TRUE(OldTimeToText(AsBytes(absl::HexStringToBytes("c0d401")).data(), &out));
  EXPECT_EQ(out, "12:00:00");
  ASSERT_TRUE(OldTimeToText(AsBytes(absl::HexStringToBytes("ffffff")).data(), &out));
  EXPECT_EQ(out, "-00:00:01");
  const uint64_t digits = 20240229010203;
  uint8_t bytes[8];
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(digits >> (8 * i) & 0xff);
  ASSERT_TRUE(OldDatetimeToText(bytes, &out));
  EXPECT_EQ(out, "2024-02-29T01:02:03");
}

std::string Be(uint64_t value, uint32_t bytes) {
  std::string out;
  for (uint32_t i = bytes; i > 0; --i) out.push_back(static_cast<char>(value >> (8 * (i - 1))));
  return out;
}

// By the definition: units of the last digit, from -839 hours, or since the year 0 with months of
// 32 days and years of 13 months.
TEST(TemporalTest, MariaDbsFormsFromBefore101) {
  uint64_t second = 1;
  std::string text, fraction = ".";
  for (uint32_t digits = 1; digits <= 6; ++digits) {
    second *= 10;
    fraction += static_cast<char>('0' + digits);
    const uint64_t part = 123456 / (1000000 / second);
    const std::string time = Be((839 * 3600 - 3723) * second - part, HiresTimeBytes(digits));
    ASSERT_TRUE(HiresTimeToText(AsBytes(time).data(), digits, &text));
    EXPECT_EQ(text, "-01:02:03" + fraction);
    const uint64_t day = (2026ull * 13 + 12) * 32 + 31;
    const std::string datetime =
        Be((day * 86400 + 86399) * second + part, HiresDatetimeBytes(digits));
    ASSERT_TRUE(HiresDatetimeToText(AsBytes(datetime).data(), digits, &text));
    EXPECT_EQ(text, "2026-12-31T23:59:59" + fraction);
    const std::string timestamp = Be(1, 4) + Be(part, FractionBytes(digits));
    ASSERT_TRUE(HiresTimestampToText(AsBytes(timestamp).data(), digits, &text));
    EXPECT_EQ(text, "1970-01-01T00:00:01" + fraction + "Z");
    const std::string impossible(8, '\xff');
    EXPECT_FALSE(HiresTimeToText(AsBytes(impossible).data(), digits, &text));
    EXPECT_FALSE(HiresDatetimeToText(AsBytes(impossible).data(), digits, &text));
    EXPECT_FALSE(HiresTimestampToText(AsBytes(impossible).data(), digits, &text));
  }
}

}  // namespace
}  // namespace dcp::mysql
