#include "row/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

namespace dcp::row {
namespace {

std::string OfDouble(double value) {
  std::string text;
  AppendDouble(value, &text);
  return text;
}

std::string OfFloat(float value) {
  std::string text;
  AppendFloat(value, &text);
  return text;
}

TEST(NumberTest, PlainNotationLiesBetweenTheBounds) {
  EXPECT_EQ(OfDouble(1e20), "100000000000000000000");
  EXPECT_EQ(OfDouble(1e21), "1e+21");
  EXPECT_EQ(OfDouble(0.000001), "0.000001");
  EXPECT_EQ(OfDouble(0.0000001), "1e-7");
}

TEST(NumberTest, DigitsAreTheFewestThatGiveTheValueBack) {
  EXPECT_EQ(OfDouble(0.1), "0.1");
  EXPECT_EQ(OfDouble(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(OfFloat(1.0f / 3), "0.33333334");
  EXPECT_EQ(OfDouble(5e-324), "5e-324");
}

TEST(NumberTest, ZeroHasNoSign) {
  EXPECT_EQ(OfDouble(-0.0), "0");
  EXPECT_EQ(OfFloat(-0.0f), "0");
}

TEST(NumberTest, IntegersHaveTheirWholeRange) {
  std::string text;
  AppendInt(std::numeric_limits<int64_t>::min(), &text);
  AppendUint(std::numeric_limits<uint64_t>::max(), &text);
  EXPECT_EQ(text, "-922337203685477580818446744073709551615");
}

TEST(NumberTest, EveryTextGivesItsValueBack) {
  constexpr uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t bits = random();
    const double wide = std::bit_cast<double>(bits);
    if (std::isfinite(wide)) {
      EXPECT_EQ(std::strtod(OfDouble(wide).c_str(), nullptr), wide);
    }
    const float narrow = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isfinite(narrow)) {
      EXPECT_EQ(std::strtof(OfFloat(narrow).c_str(), nullptr), narrow);
    }
  }
}

}  // namespace
}  // namespace dcp::row
