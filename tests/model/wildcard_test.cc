#include "model/wildcard.h"

#include <gtest/gtest.h>

#include <string>

namespace dcp::model {
namespace {

TEST(MatchesWildcardTest, StarIsAnyTextAndQuestionMarkOneCharacter) {
  EXPECT_TRUE(MatchesWildcard("order_*", "order_"));
  EXPECT_TRUE(MatchesWildcard("order_*", "order_2026"));
  EXPECT_TRUE(MatchesWildcard("*a*b*", "xxaxaxbx"));
  EXPECT_FALSE(MatchesWildcard("*a*b*", "xxbxa"));
  EXPECT_TRUE(MatchesWildcard("t?", "t1"));
  EXPECT_TRUE(MatchesWildcard("t?", "té"));
  EXPECT_FALSE(MatchesWildcard("t?", "t"));
  EXPECT_FALSE(MatchesWildcard("t?", "t12"));
  EXPECT_FALSE(MatchesWildcard("", "a"));
  EXPECT_TRUE(MatchesWildcard("", ""));
}

TEST(MatchesWildcardTest, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesWildcard(pattern + "b", std::string(5000, 'a')));
}

TEST(WildcardTest, PatternsMayMeet) {
  EXPECT_TRUE(MayMeet("a.b", "a.b"));
  EXPECT_FALSE(MayMeet("a.b", "a.c"));
  EXPECT_TRUE(MayMeet("a.*", "a.b"));
  EXPECT_TRUE(MayMeet("a.b", "?.b"));
  EXPECT_FALSE(MayMeet("a.b", "b.*"));
  EXPECT_TRUE(MayMeet("a.*", "a.x_*"));
  EXPECT_TRUE(MayMeet("*.x", "a.*"));
  EXPECT_FALSE(MayMeet("a.*", "b.*"));
}

}  // namespace
}  // namespace dcp::model
