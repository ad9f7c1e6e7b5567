#include "collector/grpc/tag_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dcp::collector {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TagRegistryTest : public ::testing::Test {
 protected:
  TagRegistry tags_{{model::Tag("a"), model::Tag("b"), model::Tag("a")}};
  const model::Tag a_{"a"};
};

TEST_F(TagRegistryTest, FindsOnlyItsTags) {
  EXPECT_EQ(*tags_.Find("a"), a_);
  EXPECT_EQ(tags_.Find("c"), nullptr);
  EXPECT_EQ(tags_.Find(""), nullptr);
  EXPECT_EQ(tags_.names(), "a, b");
}

TEST_F(TagRegistryTest, OneStreamHasATagAtATime) {
  EXPECT_TRUE(tags_.Claim(a_, 1));
  EXPECT_TRUE(tags_.Claim(a_, 1));
  EXPECT_FALSE(tags_.Claim(a_, 2));
  EXPECT_TRUE(tags_.Claim(model::Tag("b"), 2));
}

TEST_F(TagRegistryTest, OnlyItsOwnerGivesATagBack) {
  ASSERT_TRUE(tags_.Claim(a_, 1));
  tags_.Release(a_, 2);
  EXPECT_FALSE(tags_.Claim(a_, 2));
  tags_.Release(a_, 1);
  EXPECT_TRUE(tags_.Claim(a_, 2));
}

TEST_F(TagRegistryTest, LaterStreamsHaveLostContinuity) {
  EXPECT_EQ(tags_.OriginFor(a_, "peer1").reason, "");
  tags_.MarkOpened(a_, "peer1");
  const model::StreamOrigin origin = tags_.OriginFor(a_, "peer2");
  EXPECT_EQ(origin.reason, "restart");
  EXPECT_THAT(origin.detail, AllOf(HasSubstr("peer1"), HasSubstr("peer2")));
  EXPECT_EQ(tags_.OriginFor(model::Tag("b"), "peer2").reason, "");
}

}  // namespace
}  // namespace dcp::collector
