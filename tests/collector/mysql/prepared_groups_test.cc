#include "collector/mysql/prepared_groups.h"

#include <gmock/gmock.h>

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<GroupContent> Content(size_t bytes) {
  GroupContent content;
  content.bytes = std::string(bytes, 'x');
  return {content};
}

TEST(PreparedGroupsTest, WhatIsHeldIsReleasedOnce) {
  PreparedGroups groups({});
  EXPECT_THAT(groups.Hold("a", Content(3), nullptr), IsEmpty());
  const auto released = groups.Release("a");
  ASSERT_TRUE(released.has_value());
  EXPECT_EQ(released->at(0).bytes, "xxx");
  EXPECT_FALSE(groups.Release("a").has_value());
  EXPECT_EQ(groups.bytes(), 0u);
}

TEST(PreparedGroupsTest, TheOldestGoesFirst) {
  PreparedGroups groups({.groups = 2, .bytes = 1000});
  groups.Hold("a", Content(1), nullptr);
  groups.Hold("b", Content(1), nullptr);
  groups.Hold("a", Content(2), nullptr);  // again: the youngest now
  EXPECT_THAT(groups.Hold("c", Content(1), nullptr), ElementsAre("b"));
  EXPECT_EQ(groups.bytes(), 3u);
}

TEST(PreparedGroupsTest, AGroupBeyondTheBytesIsForgottenItself) {
  PreparedGroups groups({.groups = 10, .bytes = 100});
  groups.Hold("a", Content(60), nullptr);
  EXPECT_THAT(groups.Hold("b", Content(200), nullptr), ElementsAre("a", "b"));
  EXPECT_EQ(groups.size(), 0u);
  EXPECT_EQ(groups.bytes(), 0u);
}

}  // namespace
}  // namespace dcp::collector
