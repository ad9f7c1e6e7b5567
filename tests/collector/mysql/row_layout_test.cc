#include "collector/mysql/row_layout.h"

#include <gmock/gmock.h>

#include "mysql/column_type.h"
#include "tests/collector/mysql/script.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using KeyKind = mysql::TableSchema::KeyKind;

class RowLayoutTest : public ::testing::Test {
 protected:
  absl::StatusOr<RowLayout> Make() {
    TableRouter::Route route;
    route.logical_name = "shop.t";
    route.pattern = &pattern_;
    return MakeRowLayout(*schema_, route, agreed_, &registry_);
  }

  TablePattern pattern_{"shop.*", "", {}};
  std::shared_ptr<mysql::TableSchema> schema_ = Schema("shop", "t", {"a", "b", "c"});
  std::optional<Encoding> agreed_;
  model::TableRegistry registry_;
};

TEST_F(RowLayoutTest, AllColumnsAreComparedInTheirOrder) {
  schema_->key_columns = {2, 0};
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_THAT(layout.compared, ElementsAre(0, 1, 2));
  EXPECT_THAT(layout.key, ElementsAre(2, 0));
  EXPECT_EQ(layout.table->name, "shop.t");
  EXPECT_THAT(layout.table->columns, ElementsAre("a", "b", "c"));
}

TEST_F(RowLayoutTest, IgnoredColumnsAreLeftOutButMayBeTheKey) {
  pattern_.ignore_columns = {"a", "zzz"};
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_THAT(layout.compared, ElementsAre(1, 2));
  EXPECT_THAT(layout.key, ElementsAre(0));
}

TEST_F(RowLayoutTest, WithoutNamesTheTableHasNone) {
  schema_ = Schema("shop", "t", {"", ""});
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_THAT(layout.compared, ElementsAre(0, 1));
  EXPECT_THAT(layout.table->columns, IsEmpty());
}

TEST_F(RowLayoutTest, IgnoringColumnsNeedsNames) {
  schema_ = Schema("shop", "t", {"", ""});
  pattern_.ignore_columns = {"a"};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("shop.t"), HasSubstr("binlog_row_metadata"))));
}

TEST_F(RowLayoutTest, ATableWithoutAKeyIsItsWholeRow) {
  schema_->key_kind = KeyKind::kNone;
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_TRUE(layout.table->keyless);
  EXPECT_THAT(layout.key, ElementsAre(0, 1, 2));
}

TEST_F(RowLayoutTest, AKeyOutsideTheTableIsAnError) {
  schema_->key_columns = {3};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("shop.t")));
}

TEST_F(RowLayoutTest, TheSourceDecidesColumnsAndKey) {
  agreed_ = Encoding{{{"C"}, {"a"}}, {{"C"}}};
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_THAT(layout.compared, ElementsAre(2, 0));
  EXPECT_THAT(layout.key, ElementsAre(2));
  EXPECT_FALSE(layout.table->keyless);
  EXPECT_THAT(layout.table->columns, ElementsAre("C", "a"));
}

TEST_F(RowLayoutTest, AColumnOfTheSourceThatIsMissingIsNamed) {
  agreed_ = Encoding{{{"a"}, {"d"}}, {{"a"}}};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("\"d\"")));
}

TEST_F(RowLayoutTest, DoublesAreRoundedWhereTheSourceHasFloat) {
  schema_->columns[1].type = mysql::kTypeDouble;
  schema_->columns[2].type = mysql::kTypeFloat;
  agreed_ = Encoding{{{"a"}, {"b", Real::kFloat}, {"c", Real::kFloat}}, {{"b", Real::kFloat}}};
  ASSERT_OK_AND_ASSIGN(const RowLayout layout, Make());
  EXPECT_THAT(layout.narrowed, ElementsAre(1));
}

}  // namespace
}  // namespace dcp::collector
