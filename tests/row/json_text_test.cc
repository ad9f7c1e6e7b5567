#include "row/json_text.h"

#include <gmock/gmock.h>

#include "absl/strings/escaping.h"

namespace dcp::row {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Base64(absl::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

TEST(JsonTextTest, Base64AgreesWithAnotherEncoderAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Base64(bytes), absl::Base64Escape(bytes)) << "length " << i;
    bytes.push_back(static_cast<char>(i * 37 + 11));
  }
}

TEST(JsonTextTest, InvalidUtf8IsReplacedByteByByte) {
  EXPECT_EQ(ToValidUtf8("a\xff\xc3z"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(ToValidUtf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(ToValidUtf8("\xc0\xaf"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(ToValidUtf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ToValidUtf8("\xe2\x82"), "\uFFFD\uFFFD");
}

TEST(JsonTextTest, ValidUtf8IsKept) {
  const std::string text = "a\u00e9\u20ac\U0001F363\uD7FF\U0010FFFF";
  EXPECT_EQ(ToValidUtf8(text), text);
}

TEST(JsonTextTest, OnlyAnArrayIsAnArray) {
  EXPECT_TRUE(IsJsonArray(" [1, {\"a\": []}]\n"));
  EXPECT_FALSE(IsJsonArray(""));
  EXPECT_FALSE(IsJsonArray("{}"));
  EXPECT_FALSE(IsJsonArray("[1,]"));
  EXPECT_FALSE(IsJsonArray("[1] [2]"));
  EXPECT_FALSE(IsJsonArray("[\"\xff\"]"));
}

TEST(JsonTextTest, DeepNestingIsNoTrouble) {
  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(IsJsonArray(deep));
  EXPECT_TRUE(IsJsonArray(deep + std::string(deep.size(), ']')));
}

TEST(JsonTextTest, WhiteSpaceInsideStringsStays) {
  EXPECT_EQ(CompactJson("[ 1 ,\n\t\"a \\\" b\" ]"), "[1,\"a \\\" b\"]");
}

TEST(JsonTextTest, ElementsAreSplitAtTheTopLevelOnly) {
  EXPECT_THAT(JsonArrayElements(R"([1,"a,]b",[2,3],{"x":[4,5]}])"),
              ElementsAre("1", R"("a,]b")", "[2,3]", R"({"x":[4,5]})"));
  EXPECT_THAT(JsonArrayElements(R"(["\\","\""])"), ElementsAre(R"("\\")", R"("\"")"));
  EXPECT_THAT(JsonArrayElements("[]"), IsEmpty());
}

}  // namespace
}  // namespace dcp::row
