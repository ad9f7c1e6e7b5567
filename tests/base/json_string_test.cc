#include "base/json_string.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace dcp {
namespace {

std::string JsonOf(absl::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

TEST(JsonStringTest, EscapesAsLittleAsCanBe) {
  EXPECT_EQ(JsonOf(""), R"("")");
  EXPECT_EQ(JsonOf(absl::string_view("/\x7f\0\x1f\"\\é", 8)), "\"/\x7f\\u0000\\u001f\\\"\\\\é\"");
  EXPECT_EQ(JsonOf("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(JsonOf("an invalid \xff stays"), "\"an invalid \xff stays\"");
}

// Eight characters at a time are looked at: wherever the one stands that needs an escape.
TEST(JsonStringTest, FindsEachCharacterAtEachPlace) {
  for (int c = 0; c < 0x80; ++c) {
    for (size_t size = 1; size <= 20; ++size) {
      for (size_t at = 0; at < size; ++at) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        ASSERT_EQ(nlohmann::json::parse(JsonOf(text)).get<std::string>(), text);
      }
    }
  }
}

TEST(JsonStringTest, AParserGivesTheTextBack) {
  std::minstd_rand random(1);
  const std::string some[] = {"\"", "\\", "\x01", "é", "🍣", "a", " ", "\x1f", "!", "#", "[", "]"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t n = random() % 30; n > 0; --n) text += some[random() % std::size(some)];
    ASSERT_EQ(nlohmann::json::parse(JsonOf(text)).get<std::string>(), text);
  }
}

}  // namespace
}  // namespace dcp
