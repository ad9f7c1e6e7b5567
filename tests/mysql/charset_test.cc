#include "mysql/charset.h"

#include <gtest/gtest.h>

#include <string>

namespace dcp::mysql {
namespace {

TEST(CharsetTest, Latin1IsCp1252WithC1ControlsInItsHoles) {
  const Charset latin1 = CharsetOfCollation(8);
  EXPECT_EQ(ToUtf8(latin1, "a\xe9\xff"), "aéÿ");
  EXPECT_EQ(ToUtf8(latin1, "\x80\x9f"), "€Ÿ");
  EXPECT_EQ(ToUtf8(latin1, "\x81\x8d\x8f\x90\x9d"), "\u0081\u008d\u008f\u0090\u009d");
}

TEST(CharsetTest, CollationsHaveTheirCharset) {
  for (const uint32_t id : {45u, 46u, 224u, 255u, 278u, 309u}) {
    EXPECT_STREQ(CharsetOfCollation(id).name, "utf8mb4") << id;
  }
  for (const uint32_t id : {33u, 83u, 192u, 223u, 76u}) {
    EXPECT_STREQ(CharsetOfCollation(id).name, "utf8mb3") << id;
  }
  EXPECT_EQ(CharsetOfCollation(63).kind, CharsetKind::kBinary);
  EXPECT_FALSE(CharsetOfCollation(13).CanConvert());  // sjis
  EXPECT_FALSE(CharsetOfCollation(0).CanConvert());
  EXPECT_FALSE(CharsetOfCollation(99999).CanConvert());
}

TEST(CharsetTest, NamesHaveACollation) {
  EXPECT_STREQ(CharsetOfCollation(CollationOfCharset("utf8")).name, "utf8mb3");
  EXPECT_STREQ(CharsetOfCollation(CollationOfCharset("latin1")).name, "latin1");
  EXPECT_EQ(CollationOfCharset("klingon"), 0u);
}

TEST(CharsetTest, Utf8IsChecked) {
  for (const std::string good : {"", "abc", "é€😀", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(AsBytes(good)));
  }
  for (const std::string bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf4\x90\x80\x80", "\xf5", "\xe2\x82", "\xff"}) {
    EXPECT_FALSE(IsValidUtf8(AsBytes(bad)));
  }
}

}  // namespace
}  // namespace dcp::mysql
