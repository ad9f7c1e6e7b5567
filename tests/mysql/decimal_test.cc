#include "mysql/decimal.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "mysql/bytes.h"

namespace dcp::mysql {
namespace {

struct DecimalCase {
  const char* name;
  const char* hex;
  uint8_t precision, scale;
  const char* normalised;
  const char* as_scaled;
};

class DecimalTest : public ::testing::TestWithParam<DecimalCase> {};

TEST_P(DecimalTest, TextIs) {
  const DecimalCase& c = GetParam();
  const std::string bytes = absl::HexStringToBytes(c.hex);
  ASSERT_EQ(bytes.size(), PackedDecimalSize(c.precision, c.scale));
  std::string out = "old";
  ASSERT_TRUE(
      DecimalToText(AsBytes(bytes).data(), c.precision, c.scale, DecimalText::kNormalised, &out));
  EXPECT_EQ(out, c.normalised);
  ASSERT_TRUE(
      DecimalToText(AsBytes(bytes).data(), c.precision, c.scale, DecimalText::kAsScaled, &out));
  EXPECT_EQ(out, c.as_scaled);
}

// The first pair is the example of the server's own source (decimal2bin).
INSTANTIATE_TEST_SUITE_P(
    , DecimalTest,
    ::testing::Values(DecimalCase{"ServersExample", "810dfb38d204d2", 14, 4, "1234567890.1234",
                                  "1234567890.1234"},
                      DecimalCase{"ServersNegativeExample", "7ef204c72dfb2d", 14, 4,
                                  "-1234567890.1234", "-1234567890.1234"},
                      DecimalCase{"Zero", "8000", 3, 1, "0", "0.0"},
                      DecimalCase{"MinusZero", "7fff", 3, 1, "0", "0.0"},
                      DecimalCase{"FractionZerosAreCut", "8105", 3, 1, "1.5", "1.5"},
                      DecimalCase{"WholeNumber", "8100", 3, 1, "1", "1.0"},
                      DecimalCase{"OnlyFraction", "85", 1, 1, "0.5", "0.5"},
                      DecimalCase{"NegativeFraction", "7a", 1, 1, "-0.5", "-0.5"},
                      DecimalCase{"OneDigit", "89", 1, 0, "9", "9"}),
    [](const auto& c) { return c.param.name; });

TEST(PackedDecimalTest, GroupsThatAreNoDigitsAreRefused) {
  const std::string bytes = absl::HexStringToBytes("ff");
  std::string out;
  EXPECT_FALSE(DecimalToText(AsBytes(bytes).data(), 1, 0, DecimalText::kNormalised, &out));
}

TEST(PackedDecimalTest, LargestHas30Bytes) { EXPECT_EQ(PackedDecimalSize(65, 30), 30u); }

}  // namespace
}  // namespace dcp::mysql
