#include "model/digest.h"

#include <gtest/gtest.h>

namespace dcp::model {
namespace {

TEST(DigestTest, KnownVectorOfXxh3) {
  EXPECT_EQ(ToHex(Xxh3("")), "99aa06d3014798d86001c324468d497f");
}

TEST(DigestTest, HexIsReadBackAndNothingElseIs) {
  const Digest digest{0x0123456789abcdef, ~uint64_t{0}};
  const std::string hex = ToHex(digest);
  EXPECT_EQ(FromHex(hex), digest);
  for (const std::string& text : {std::string(), hex.substr(1), hex + "0", "A" + hex.substr(1),
                                  "g" + hex.substr(1), " " + hex.substr(1)}) {
    EXPECT_EQ(FromHex(text), std::nullopt) << text;
  }
}

TEST(DigestTest, SumCarriesIntoTheHighHalf) {
  const Digest one{0, 1};
  const Digest all_low{0, ~uint64_t{0}};
  EXPECT_EQ(all_low + one, (Digest{1, 0}));
  EXPECT_EQ(one + -one, Digest{});
  EXPECT_EQ((Digest{1, 0}) + -one, all_low);
}

TEST(DigestTest, EqualSummandsDoNotCancel) { EXPECT_NE(Xxh3("a") + Xxh3("a"), Digest{}); }

}  // namespace
}  // namespace dcp::model
