#include "verifier/table_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dcp::verifier {
namespace {

TableRule Rule(const std::string& match, const std::string& as = "") { return {match, as, {}}; }

TEST(TableRuleTest, NamesMatchThemselvesOnly) {
  EXPECT_TRUE(Matches(Rule("shop.orders"), {"shop", "orders"}));
  EXPECT_FALSE(Matches(Rule("shop.orders"), {"shop", "orders2"}));
  EXPECT_FALSE(Matches(Rule("shop.orders"), {"shop", "Orders"}));
  EXPECT_FALSE(Matches(Rule("shop.orders"), {"shop2", "orders"}));
}

TEST(TableRuleTest, AStarStandsForAnyCharactersOfOnePart) {
  EXPECT_TRUE(Matches(Rule("shop.*"), {"shop", "orders"}));
  EXPECT_TRUE(Matches(Rule("sh*p.or*rs"), {"shop", "orders"}));
  EXPECT_TRUE(Matches(Rule("shop.orders*"), {"shop", "orders"}));
  EXPECT_TRUE(Matches(Rule("*.o*r*s"), {"a", "oxrxrs"}));
  EXPECT_FALSE(Matches(Rule("sh*.orders"), {"shop", "x.orders"}));
  EXPECT_FALSE(Matches(Rule("shop.o*x"), {"shop", "orders"}));
}

TEST(TableRuleTest, AQuestionMarkStandsForOneCharacter) {
  EXPECT_TRUE(Matches(Rule("shop.order_?"), {"shop", "order_1"}));
  EXPECT_TRUE(Matches(Rule("shop.order_?"), {"shop", "order_\U0001F363"}));
  EXPECT_FALSE(Matches(Rule("shop.order_?"), {"shop", "order_"}));
  EXPECT_FALSE(Matches(Rule("shop.order_?"), {"shop", "order_12"}));
}

TEST(TableRuleTest, ManyStarsTakeNoExponentialTime) {
  std::string pattern = "a.";
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(Matches(Rule(pattern + "b"), {"a", std::string(200, 'a')}));
}

TEST(TableRuleTest, TheFirstRuleThatMatchesCounts) {
  const std::vector<TableRule> rules = {Rule("shop.order_*", "shop.orders"), Rule("shop.*")};
  EXPECT_EQ(FindRule(rules, {"shop", "order_7"}), &rules[0]);
  EXPECT_EQ(FindRule(rules, {"shop", "carts"}), &rules[1]);
  EXPECT_EQ(FindRule(rules, {"mall", "carts"}), nullptr);
  EXPECT_EQ(LogicalName(rules[0], {"shop", "order_7"}), "shop.orders");
  EXPECT_EQ(LogicalName(rules[1], {"shop", "carts"}), "shop.carts");
}

TEST(TableRuleTest, NamesAreSplitAtTheirFirstDot) {
  EXPECT_EQ(SplitTableName("shop.orders"), (TableName{"shop", "orders"}));
  EXPECT_EQ(SplitTableName("shop.a.b"), (TableName{"shop", "a.b"}));
  EXPECT_EQ(SplitTableName("orders"), (TableName{"", "orders"}));
}

}  // namespace
}  // namespace dcp::verifier
