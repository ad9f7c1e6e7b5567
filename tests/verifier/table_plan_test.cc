#include "verifier/table_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using KeyKind = mysql::TableSchema::KeyKind;

mysql::Column Column(const std::string& name, uint8_t type = mysql::kTypeLong) {
  mysql::Column column;
  column.name = name;
  column.type = type;
  return column;
}

mysql::TableSchema Table(const std::string& name, std::vector<mysql::Column> columns,
                         std::vector<uint32_t> key = {0}) {
  mysql::TableSchema schema;
  schema.database = "shop";
  schema.name = name;
  schema.columns = std::move(columns);
  schema.key_kind = key.empty() ? KeyKind::kNone : KeyKind::kPrimary;
  schema.key_columns = std::move(key);
  return schema;
}

std::vector<std::string> Names(const TableRead& read) {
  std::vector<std::string> names;
  for (const mysql::Column& column : read.columns) names.push_back(column.name);
  return names;
}

TEST(TablePlanTest, ComparesWhatBothSidesHaveInTheSourcesOrder) {
  PlanInput input{"shop.t", {}, {"noise"}, {}, {}};
  input.source = {Table("t", {Column("id"), Column("a"), Column("noise"), Column("only_source")})};
  input.target = {Table("t", {Column("only_target"), Column("A"), Column("noise"), Column("id")})};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_EQ(plan.compared, 2u);
  EXPECT_THAT(plan.key, ElementsAre(0u));
  EXPECT_THAT(Names(plan.source[0]), ElementsAre("id", "a"));
  EXPECT_THAT(Names(plan.target[0]), ElementsAre("id", "A"));
}

TEST(TablePlanTest, ColumnsThatAreAskedForGiveTheOrder) {
  PlanInput input{"shop.t", {"b", "id"}, {}, {}, {}};
  input.source = input.target = {Table("t", {Column("id"), Column("a"), Column("b")})};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_THAT(Names(plan.source[0]), ElementsAre("b", "id"));
}

TEST(TablePlanTest, TheKeyIsTheSourcesEvenIfIgnored) {
  PlanInput input{"shop.t", {}, {"id"}, {}, {}};
  input.source = {Table("t", {Column("id"), Column("a")})};
  input.target = {Table("t", {Column("id"), Column("a")}, {1})};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_THAT(Names(plan.target[0]), ElementsAre("a", "id"));
  EXPECT_EQ(SelectFrom(plan.target[0]), "SELECT `a`, `id` FROM `shop`.`t`");
  EXPECT_THAT(KeyCondition(plan, plan.target[0], {{KeyPart::Kind::kNumber, "7"}}),
              ::testing::Property(&absl::StatusOr<std::optional<std::string>>::value,
                                  Optional(std::string("(`id` = 7)"))));
}

TEST(TablePlanTest, FloatBesideDoubleIsComparedAsFloat) {
  PlanInput input{"shop.t", {}, {}, {}, {}};
  input.source = {Table("t", {Column("id"), Column("f", mysql::kTypeFloat)})};
  input.target = {Table("t", {Column("id"), Column("f", mysql::kTypeDouble)})};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  std::vector<model::Value> source;
  std::vector<model::Value> target;
  ASSERT_OK(ToValues(plan, plan.source[0], mysql::Row{"1", "0.10000000149011612"}, &source));
  ASSERT_OK(ToValues(plan, plan.target[0], mysql::Row{"1", "0.1"}, &target));
  EXPECT_EQ(source, target);
}

TEST(TablePlanTest, WhatCannotBeReadIsRefusedWithItsName) {
  const auto good = Table("t", {Column("id"), Column("a")});
  const auto plan = [](std::vector<mysql::TableSchema> source,
                       std::vector<mysql::TableSchema> target) {
    return MakePlan({"shop.t", {}, {}, std::move(source), std::move(target)}).status();
  };
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(plan({good}, {}), StatusIs(kFailed, HasSubstr("no table of the target is shop.t")));
  EXPECT_THAT(plan({Table("t", {Column("a")}, {})}, {good}),
              StatusIs(kFailed, HasSubstr("shop.t has neither a primary key")));
  EXPECT_THAT(plan({good}, {Table("u", {Column("a")}, {})}),
              StatusIs(kFailed, HasSubstr("shop.u lacks the key column id")));
  EXPECT_THAT(plan({good, Table("u", {Column("id"), Column("a")}, {1})}, {good}),
              StatusIs(kFailed, HasSubstr("shop.t and shop.u of the source have different keys")));
  const auto odd = Table("t", {Column("id"), Column("a", mysql::kTypeNull)});
  EXPECT_THAT(plan({good}, {odd}),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("column a")));
}

TEST(TablePlanTest, ColumnsOfTheSourceMayHaveOtherNames) {
  PlanInput input{"shop.t", {}, {"noise"}, {}, {}};
  input.source = {Table("t", {Column("No"), Column("a"), Column("b"), Column("n")})};
  input.target = {Table("t", {Column("id"), Column("a"), Column("b"), Column("noise")})};
  input.renamed = {{{"no", "id"}, {"a", "b"}, {"b", "a"}, {"n", "noise"}}};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_THAT(Names(plan.source[0]), ElementsAre("No", "a", "b"));
  EXPECT_THAT(Names(plan.target[0]), ElementsAre("id", "b", "a"));
  ASSERT_OK(CheckRenamed(input.source[0], input.renamed[0]));
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(CheckRenamed(input.source[0], {{"x", "id"}}),
              StatusIs(kFailed, HasSubstr("names x, which shop.t")));
  EXPECT_THAT(CheckRenamed(input.source[0], {{"a", "B"}}),
              StatusIs(kFailed, HasSubstr("two columns of shop.t on the source would be b")));
}

TEST(TablePlanTest, BytesAreReadBesideTheKeysValues) {
  PlanInput input{"shop.t", {}, {}, {}, {}};
  input.source = input.target = {Table("t", {Column("id"), Column("a")})};
  input.bytes = true;
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_EQ(plan.compared, 2u);
  EXPECT_THAT(plan.key, ElementsAre(2u));
  EXPECT_EQ(SelectFrom(plan.source[0]),
            "SELECT `id`, `a`, `id`, CONCAT(`id` IS NULL, `a` IS NULL) FROM `shop`.`t`");
  std::vector<model::Value> values;
  ASSERT_OK(ToValues(plan, plan.source[0], mysql::Row{"7", "\xff", "7", "00"}, &values));
  EXPECT_EQ(values[0].kind, model::Value::Kind::kText);
  EXPECT_EQ(values[1].kind, model::Value::Kind::kBytes);
  EXPECT_EQ(values[2].kind, model::Value::Kind::kInt);
  ASSERT_OK(ToValues(plan, plan.source[0], mysql::Row{"7", std::nullopt, "7", "01"}, &values));
  EXPECT_EQ(values[1].kind, model::Value::Kind::kNull);
  // What was NULL only because it could not be told.
  EXPECT_THAT(ToValues(plan, plan.source[0], mysql::Row{"7", std::nullopt, "7", "00"}, &values),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("max_allowed_packet")));
  EXPECT_THAT(ToValues(plan, plan.source[0], mysql::Row{"7", "8", "7"}, &values),
              HasCode(absl::StatusCode::kDataLoss));
}

TEST(TablePlanTest, AKeyOfAnotherLengthIsRefused) {
  PlanInput input{"shop.t", {}, {}, {}, {}};
  input.source = input.target = {Table("t", {Column("id"), Column("a")}, {0, 1})};
  ASSERT_OK_AND_ASSIGN(const TablePlan plan, MakePlan(input));
  EXPECT_THAT(KeyCondition(plan, plan.source[0], {{KeyPart::Kind::kNumber, "7"}}),
              HasCode(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace dcp::verifier
