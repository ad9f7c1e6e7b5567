#include "collector/mysql/table_router.h"

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MysqlTag Tag(const std::string& name, std::vector<TablePattern> tables) {
  MysqlTag tag;
  tag.tag = model::Tag(name);
  tag.tables = std::move(tables);
  return tag;
}

// "tag:logical name" of each route.
std::vector<std::string> Routes(const std::vector<MysqlTag>& tags, const std::string& database,
                                const std::string& table) {
  const auto router = TableRouter::Create(tags);
  EXPECT_OK(router);
  std::vector<std::string> routes;
  for (const auto& route : router->RoutesOf(database, table)) {
    routes.push_back(tags[route.tag].tag.value() + ":" + route.logical_name);
  }
  return routes;
}

TEST(TableRouterTest, CaseCounts) {
  EXPECT_THAT(Routes({Tag("src", {{"shop.Orders", "", {}}})}, "shop", "orders"), IsEmpty());
}

TEST(TableRouterTest, AStarDoesNotReachOverThePoint) {
  EXPECT_THAT(Routes({Tag("src", {{"shop.*", "", {}}})}, "shop2", "x.y"), IsEmpty());
  EXPECT_THAT(Routes({Tag("src", {{"*.orders", "", {}}})}, "a", "orders"),
              ElementsAre("src:a.orders"));
}

TEST(TableRouterTest, TheFirstPatternOfATagCounts) {
  const auto tag = Tag("src", {{"shop.order_1", "first.t", {}}, {"shop.order_*", "second.t", {}}});
  EXPECT_THAT(Routes({tag}, "shop", "order_1"), ElementsAre("src:first.t"));
  EXPECT_THAT(Routes({tag}, "shop", "order_2"), ElementsAre("src:second.t"));
}

TEST(TableRouterTest, ATableMayFeedSeveralTags) {
  EXPECT_THAT(Routes({Tag("a", {{"shop.*", "", {}}}), Tag("b", {{"other.*", "", {}}}),
                      Tag("c", {{"*.orders", "x.y", {}}})},
                     "shop", "orders"),
              ElementsAre("a:shop.orders", "c:x.y"));
}

TEST(TableRouterTest, APatternNeedsBothParts) {
  for (const char* pattern : {"orders", "shop.", ".orders", ""}) {
    EXPECT_THAT(TableRouter::Create({Tag("src", {{pattern, "", {}}})}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("tag \"src\""), HasSubstr("database.table"))))
        << pattern;
  }
}

TEST(TableRouterTest, ATagIsGivenOnce) {
  EXPECT_THAT(TableRouter::Create({Tag("a", {{"a.b", "", {}}}), Tag("a", {{"a.c", "", {}}})}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

TEST(TableRouterTest, GravityKeysAreForOneTable) {
  MysqlTag one = Tag("src", {{"shop.orders", "", {}}});
  one.key_format = row::KeyFormat::kGravity;
  EXPECT_OK(TableRouter::Create({one}));

  MysqlTag wild = Tag("src", {{"shop.*", "", {}}});
  wild.key_format = row::KeyFormat::kGravity;
  EXPECT_THAT(TableRouter::Create({wild}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gravity")));
}

TEST(TableRouterTest, ExactTablesAreThoseWithoutWildcards) {
  const auto router = TableRouter::Create({Tag(
      "src", {{"shop.a", "", {}}, {"shop.b", "x.b", {}}, {"shop.c*", "", {}}, {"o.d", "", {}}})});
  ASSERT_OK(router);
  EXPECT_THAT(router->ExactTablesIn("shop", 0), ElementsAre("shop.a", "x.b"));
}

TEST(TableRouterTest, WhatDcpWritesItselfIsNoData) {
  const auto router = TableRouter::Create({Tag("src", {{"*.*", "", {}}})});
  ASSERT_OK(router);
  for (const char* table : {"barrier", "dcp_leader", "dcp_handover"}) {
    EXPECT_TRUE(router->RoutesOf("drc", table).empty()) << table;
    EXPECT_EQ(router->RoutesOf("shop", table).size(), 1u) << table;
  }
  EXPECT_EQ(router->RoutesOf("drc", "orders").size(), 1u);
}

}  // namespace
}  // namespace dcp::collector
