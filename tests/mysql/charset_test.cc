#include "mysql/charset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mysql/charset_converter.h"
#include "mysql/utf8.h"

namespace dcp::mysql {
namespace {

using ::testing::Optional;

std::optional<std::string> ToUtf8(absl::string_view charset, const std::string& bytes) {
  return mysql::ToUtf8(CharsetOfCollation(CollationOfCharset(charset)), bytes);
}

TEST(CharsetTest, Latin1IsCp1252WithC1ControlsInItsHoles) {
  EXPECT_THAT(ToUtf8("latin1", "a\xe9\xff"), Optional(std::string("aéÿ")));
  EXPECT_THAT(ToUtf8("latin1", "\x80\x9f"), Optional(std::string("€Ÿ")));
  EXPECT_THAT(ToUtf8("latin1", "\x81\x8d\x8f\x90\x9d"),
              Optional(std::string("\u0081\u008d\u008f\u0090\u009d")));
}

TEST(CharsetTest, CollationsHaveTheirCharset) {
  for (const uint32_t id : {45u, 46u, 224u, 255u, 278u, 309u, 323u}) {
    EXPECT_STREQ(CharsetOfCollation(id).name, "utf8mb4") << id;
  }
  for (const uint32_t id : {33u, 83u, 192u, 223u, 76u}) {
    EXPECT_STREQ(CharsetOfCollation(id).name, "utf8mb3") << id;
  }
  EXPECT_EQ(CharsetOfCollation(63).kind, CharsetKind::kBinary);
  EXPECT_EQ(CharsetOfCollation(13).kind, CharsetKind::kOther);  // sjis
  for (const uint32_t id : {0u, 17u, 1024u, 5000u, 99999u}) {
    EXPECT_EQ(CharsetOfCollation(id).kind, CharsetKind::kUnknown) << id;
  }
}

TEST(CharsetTest, CollationsOfMariaDbHaveTheirCharset) {
  const std::pair<uint32_t, const char*> collations[] = {
      {576, "utf8mb3"},  {610, "utf8mb4"},  {640, "ucs2"},     {674, "utf16"},
      {738, "utf32"},    {1032, "latin1"},  {1025, "big5"},    {1121, "eucjpms"},
      {1270, "utf8mb4"}, {2048, "utf8mb3"}, {2304, "utf8mb4"}, {2503, "utf8mb4"},
      {2560, "ucs2"},    {2816, "utf16"},   {3072, "utf32"},   {3271, "utf32"}};
  for (const auto& [id, name] : collations) EXPECT_STREQ(CharsetOfCollation(id).name, name) << id;
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
  EXPECT_TRUE(IsValidUtf8(AsBytes("€"), 3));
  EXPECT_FALSE(IsValidUtf8(AsBytes("😀"), 3));
}

TEST(CharsetTest, AsciiIsSeenAtEveryPlace) {
  for (size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(IsAscii(AsBytes(text)));
    for (char& c : text) {
      c = '\x80';
      EXPECT_FALSE(IsAscii(AsBytes(text))) << size;
      c = 'a';
    }
  }
}

struct ConversionCase {
  const char* charset;
  const char* bytes;
  const char* text;  // null: no conversion
};

// A few of each form; charset_server_test compares all of them with a server.
TEST(CharsetTest, TextBecomesUtf8) {
  const ConversionCase cases[] = {
      {"cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
      {"cp1251", "a\x98", nullptr},
      {"koi8r", "\xf0\xd2\xc9", "При"},
      {"greek", "\xc1\xf9", "Αω"},
      {"armscii8", "\xb2\xb3", "Աա"},
      {"keybcs2", "\x80\x87", "Čč"},
      {"swe7", "[\\]{|}", "ÄÖÅäöå"},
      {"swe7", "\x80", nullptr},
      {"sjis", "\x93\xfa\x96\x7b\xb6\x5c", "日本ｶ\\"},
      {"sjis", "\x93\x20", nullptr},
      {"sjis", "\x93", nullptr},
      {"ujis", "\xc6\xfc\x8e\xb6\x8f\xb0\xa1z", "日ｶ丂z"},
      {"ujis", "\x8f\xb0", nullptr},
      {"ujis", "\x8f\x20\xa1", nullptr},
      {"eucjpms", "\xad\xa1\x8f\xf3\xf3", "①ⅰ"},
      {"big5", "\xa4\xa4\xc7\xf2", "中⑩"},
      {"gbk", "\xd6\xd0\x81\x40", "中丂"},
      {"gb2312", "\xd6\xd0", "中"},
      {"gb2312", "\x81\x40", nullptr},
      {"euckr", "\xc7\xd1", "한"},
      {"gb18030", "\xd6\xd0\x81\x30\x81\x30\x90\x30\x81\x30", "中\u0080\U00010000"},
      {"gb18030", "\xe3\x32\x9a\x36", nullptr},  // beyond U+10FFFF
      {"gb18030", "\x81\x30\x81", nullptr},
      {"utf16", "\xd8\x3d\xde\x42", "🙂"},
      {"utf16", "\xde\x42\xd8\x3d", nullptr},
      {"utf16", "\xd8\x3d", nullptr},
      {"utf16le", "\x3d\xd8\x42\xde", "🙂"},
      {"ucs2", "\x4e\x2d", "中"},
      {"ucs2", "\xd8\x3d\xde\x42", nullptr},
      {"ucs2", "\x4e", nullptr},
  };
  for (const ConversionCase& c : cases) {
    const auto text = ToUtf8(c.charset, c.bytes);
    ASSERT_EQ(text.has_value(), c.text != nullptr) << c.charset << " " << c.bytes;
    if (text.has_value()) {
      EXPECT_EQ(*text, c.text) << c.charset;
    }
  }
  EXPECT_THAT(ToUtf8("utf32", std::string("\x00\x01\xf6\x42", 4)), Optional(std::string("🙂")));
  EXPECT_EQ(ToUtf8("utf32", std::string("\x00\x11\x00\x00", 4)), std::nullopt);
  EXPECT_EQ(ToUtf8("utf32", std::string("\x00\x00\xd8\x00", 4)), std::nullopt);
}

TEST(CharsetTest, U0000IsACharacterEverywhere) {
  for (const char* charset : {"cp1251", "sjis", "ujis", "gb18030", "armscii8"}) {
    EXPECT_THAT(ToUtf8(charset, std::string("a\0b", 3)), Optional(std::string("a\0b", 3)));
  }
}

TEST(CharsetTest, ConvertersAreMadeOnce) {
  EXPECT_NE(CharsetConverter::Of("gbk"), nullptr);
  EXPECT_EQ(CharsetConverter::Of("gbk"), CharsetConverter::Of("gbk"));
  EXPECT_EQ(CharsetConverter::Of("utf8mb4"), nullptr);
  EXPECT_EQ(CharsetConverter::Of("klingon"), nullptr);
}

}  // namespace
}  // namespace dcp::mysql
