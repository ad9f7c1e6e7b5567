// Which findings people's rules take out.
#include "model/finding.h"

#include <gtest/gtest.h>

namespace dcp::model {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const Digest kKey{1, 2};

IgnoreRule RuleOn(std::string table, std::string column = "") {
  IgnoreRule rule;
  rule.table = std::move(table);
  rule.column = std::move(column);
  return rule;
}

bool Ignored(std::vector<IgnoreRule> rules, std::vector<std::string> columns = {"v", "n"},
             absl::Time now = kNow) {
  return IsIgnored(rules, "orders", "dst", {"shop.orders", kKey, columns}, now);
}

TEST(IgnoreRuleTest, WithoutRulesNothingIsIgnored) { EXPECT_FALSE(Ignored({})); }

TEST(IgnoreRuleTest, ARuleOnATableTakesItsRows) {
  EXPECT_TRUE(Ignored({RuleOn("shop.orders")}));
  EXPECT_TRUE(Ignored({RuleOn("shop.*")}));
  EXPECT_FALSE(Ignored({RuleOn("shop.order")}));
}

TEST(IgnoreRuleTest, ARuleOfAnotherCheckOrTargetDoesNotCount) {
  IgnoreRule rule = RuleOn("shop.orders");
  rule.check = "other";
  EXPECT_FALSE(Ignored({rule}));
  rule.check = "orders";
  rule.target = "other";
  EXPECT_FALSE(Ignored({rule}));
  rule.target = "dst";
  EXPECT_TRUE(Ignored({rule}));
}

TEST(IgnoreRuleTest, ARuleOnAKeyTakesThatKeyOnly) {
  IgnoreRule rule;
  rule.key = kKey;
  EXPECT_TRUE(Ignored({rule}));
  rule.key = Digest{1, 3};
  EXPECT_FALSE(Ignored({rule}));
}

TEST(IgnoreRuleTest, EveryDifferingColumnMustBeIgnored) {
  EXPECT_FALSE(Ignored({RuleOn("shop.orders", "v")}));
  EXPECT_TRUE(Ignored({RuleOn("shop.orders", "V"), RuleOn("", "n")}));
  EXPECT_TRUE(Ignored({RuleOn("shop.orders", "v")}, {"v"}));
}

TEST(IgnoreRuleTest, WhereColumnsAreNotKnownARuleOnThemTakesNothing) {
  EXPECT_FALSE(Ignored({RuleOn("shop.orders", "v")}, {}));
  EXPECT_TRUE(Ignored({RuleOn("shop.orders")}, {}));
}

TEST(IgnoreRuleTest, ARuleEndsAtItsTime) {
  IgnoreRule rule = RuleOn("shop.orders");
  rule.until = kNow;
  EXPECT_FALSE(Ignored({rule}));
  EXPECT_TRUE(Ignored({rule}, {}, kNow - absl::Nanoseconds(1)));
}

TEST(FindingStateTest, ResolvedIsThatAndNothingElse) {
  EXPECT_EQ(StateOf(true, true, true), FindingState::kResolved);
  EXPECT_EQ(StateOf(false, true, true), FindingState::kIgnored);
  EXPECT_EQ(StateOf(false, true, false), FindingState::kAcknowledged);
  EXPECT_EQ(StateOf(false, false, false), FindingState::kOpen);
}

TEST(FindingStateTest, EveryWordIsReadBack) {
  for (const auto state : {FindingState::kOpen, FindingState::kAcknowledged, FindingState::kIgnored,
                           FindingState::kResolved}) {
    EXPECT_EQ(FindingStateFromText(ToString(state)), state);
  }
  EXPECT_EQ(FindingStateFromText("closed"), std::nullopt);
}

}  // namespace
}  // namespace dcp::model
