#include "verifier/key_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::testing::Optional;

mysql::Column Column(const std::string& name, uint8_t type = mysql::kTypeLong) {
  mysql::Column column;
  column.name = name;
  column.type = type;
  return column;
}

TEST(KeyRangeTest, OneColumnIsAPlainComparison) {
  const std::vector<mysql::Column> columns = {Column("id")};
  EXPECT_EQ(BehindBound(columns, {"7"}, {false}), "(`id` > 7)");
  EXPECT_EQ(UpToBound(columns, {"9"}, {false}), "(`id` <= 9)");
  EXPECT_EQ(BehindBound(columns, {"7"}, {true}), "(`id` < 7)");
  EXPECT_EQ(UpToBound(columns, {"9"}, {true}), "(`id` >= 9)");
}

TEST(KeyRangeTest, SeveralColumnsAreAChainOfOrs) {
  const std::vector<mysql::Column> columns = {Column("a"), Column("b"), Column("c")};
  EXPECT_EQ(BehindBound(columns, {"1", "2", "3"}, {false, false, false}),
            "(`a` >= 1 AND (`a` > 1 OR `a` = 1 AND (`b` >= 2 AND (`b` > 2 OR `b` = 2 AND "
            "(`c` > 3)))))");
  EXPECT_EQ(UpToBound({columns.data(), 2}, {"1", "2"}, {false, true}),
            "(`a` <= 1 AND (`a` < 1 OR `a` = 1 AND (`b` >= 2)))");
}

TEST(KeyRangeTest, OrderFollowsTheIndex) {
  EXPECT_EQ(OrderByKey(std::vector<mysql::Column>{Column("a"), Column("b`")}, {true, false}),
            "`a` DESC, `b```");
}

TEST(KeyRangeTest, EnumAndSetAreOrderedByNumber) {
  mysql::Column column = Column("e", mysql::kTypeEnum);
  column.labels = {"z", "a,b", "m"};
  const auto literal = [&](const std::string& text) {
    return BoundLiteral(column, {KeyPart::Kind::kText, text});
  };
  EXPECT_EQ(*literal("a,b"), "2");
  EXPECT_EQ(*literal(""), "0");
  EXPECT_THAT(literal("b"), HasCode(absl::StatusCode::kFailedPrecondition));
  column.type = mysql::kTypeSet;
  column.labels = {"z", "b", "m"};
  EXPECT_EQ(*literal("z,m"), "5");
  EXPECT_EQ(*literal(""), "0");
  EXPECT_THAT(literal("z,x"), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(KeyRangeTest, AValueThatTheColumnCannotHoldIsNoBound) {
  mysql::Column column = Column("t", mysql::kTypeVarchar);
  column.collation = mysql::CollationOfCharset("latin1");
  EXPECT_EQ(*BoundLiteral(column, {KeyPart::Kind::kText, "\xc3\xa9"}), "'\xc3\xa9'");
  EXPECT_THAT(BoundLiteral(column, {KeyPart::Kind::kText, "\xe6\xbc\xa2"}),
              HasCode(absl::StatusCode::kFailedPrecondition));
}

// A part of an index as SHOW INDEX of MySQL 8 tells it.
mysql::Row Part(const std::string& index, const std::string& column, bool unique = true) {
  return {
      "t", unique ? "0" : "1", index, "1", column, "A", "10", {}, {}, "", "BTREE", "", "", "YES",
      {}};
}

TEST(PagingIndexTest, ThePrimaryKeyGoesBeforeOthers) {
  const mysql::Rows rows = {Part("u", "a"), Part("PRIMARY", "a")};
  EXPECT_THAT(FindPagingIndex(rows, {"A"}), Optional(PagingIndex{"PRIMARY", {false}}));
  EXPECT_THAT(FindPagingIndex({rows[0]}, {"a"}), Optional(PagingIndex{"u", {false}}));
}

TEST(PagingIndexTest, DescendingPartsAreSaid) {
  mysql::Row down = Part("PRIMARY", "b");
  down[5] = "D";
  EXPECT_THAT(FindPagingIndex({Part("PRIMARY", "a"), down}, {"a", "b"}),
              Optional(PagingIndex{"PRIMARY", {false, true}}));
}

TEST(PagingIndexTest, OtherIndexesDoNotDo) {
  const auto with = [](size_t column, std::optional<std::string> value) {
    mysql::Row row = Part("u", "a");
    row[column] = std::move(value);
    return FindPagingIndex({row}, {"a"});
  };
  ASSERT_NE(with(0, "t"), std::nullopt);
  EXPECT_EQ(with(1, "1"), std::nullopt) << "not unique";
  EXPECT_EQ(with(4, std::nullopt), std::nullopt) << "of an expression";
  EXPECT_EQ(with(5, std::nullopt), std::nullopt) << "without an order";
  EXPECT_EQ(with(7, "10"), std::nullopt) << "of a prefix";
  EXPECT_EQ(with(9, "YES"), std::nullopt) << "nullable";
  EXPECT_EQ(with(10, "HASH"), std::nullopt);
  EXPECT_EQ(with(13, "NO"), std::nullopt) << "invisible";
  EXPECT_EQ(FindPagingIndex({Part("u", "a"), Part("u", "b")}, {"a"}), std::nullopt) << "longer";
  EXPECT_EQ(FindPagingIndex({Part("u", "b"), Part("u", "a")}, {"a", "b"}), std::nullopt)
      << "in another order";
  EXPECT_EQ(FindPagingIndex({}, {"a"}), std::nullopt);
}

}  // namespace
}  // namespace dcp::verifier
