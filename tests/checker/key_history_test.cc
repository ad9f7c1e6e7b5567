#include "checker/key_history.h"

#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using test::V;

TEST(KeyHistoryTest, HadCoversBothEndsOfTheTime) {
  KeyHistory key;
  key.ApplySource(V("a"), V("b"), 2);
  key.ApplySource(V("b"), V("c"), 4);
  EXPECT_TRUE(key.Had(V("a"), 0, 0));
  EXPECT_TRUE(key.Had(V("a"), 1, 1));
  EXPECT_FALSE(key.Had(V("a"), 2, 9));  // left in segment 2, so not at barrier 2
  EXPECT_FALSE(key.Had(V("b"), 1, 1));
  EXPECT_TRUE(key.Had(V("b"), 1, 2));
  EXPECT_TRUE(key.Had(V("b"), 3, 3));
  EXPECT_FALSE(key.Had(V("b"), 4, 9));
  EXPECT_TRUE(key.Had(V("c"), 4, 4));
}

TEST(KeyHistoryTest, VersionPassedWithinASegmentIsHadInIt) {
  KeyHistory key;
  key.ApplySource(V("a"), V("b"), 3);
  key.ApplySource(V("b"), V("c"), 3);
  EXPECT_TRUE(key.Had(V("b"), 2, 3));
  EXPECT_FALSE(key.Had(V("b"), 3, 3));
}

TEST(KeyHistoryTest, BeforeThatIsNotTheLastAfterIsOneMoreVersion) {
  KeyHistory key;
  key.ApplySource(V("a"), V("b"), 1);
  key.ApplySource(V("x"), V("c"), 2);
  EXPECT_TRUE(key.Had(V("x"), 1, 2));
  EXPECT_FALSE(key.Had(V("x"), 2, 2));
}

TEST(KeyHistoryTest, UntouchedTargetIsInTheBase) {
  KeyHistory key;
  key.ApplySource(V("a"), V("b"), 2);
  EXPECT_TRUE(key.HadTargetState(1, 1, 1));
  EXPECT_FALSE(key.HadTargetState(2, 2, 2));
  EXPECT_FALSE(key.Agrees(2));
  key.ApplyTarget(V("b"), 2);
  EXPECT_TRUE(key.Agrees(2));
}

TEST(KeyHistoryTest, FoldKeepsWhatIsRememberedAndTheCurrentVersion) {
  KeyHistory key;
  key.ApplySource(V("a"), V("b"), 1);
  key.ApplySource(V("b"), V("c"), 5);
  key.ApplyTarget(V("c"), 5);
  key.Fold(5, 4);
  EXPECT_FALSE(key.Had(V("a"), 0, 9));
  EXPECT_TRUE(key.Had(V("b"), 4, 5));
  EXPECT_TRUE(key.Agrees(9));
}

TEST(KeyHistoryTest, CountsAreSumsFromZeroOnEachSide) {
  KeyHistory key;
  const auto plus = key.AddToSource({0, 1});
  EXPECT_EQ(plus.before, model::Version::Content({}));
  EXPECT_EQ(plus.after, model::Version::Content({0, 1}));
  EXPECT_EQ(key.AddToTarget({0, 1}).after, plus.after);
  EXPECT_EQ(key.AddToSource(-model::Digest{0, 1}).after, model::Version::Content({}));
}

}  // namespace
}  // namespace dcp::checker
