// The pure parts of a repair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"
#include "verifier/cell.h"
#include "verifier/foreign_keys.h"
#include "verifier/repair_sql.h"
#include "verifier/report_reader.h"
#include "verifier/undo_log.h"
#include "verifier/unique_order.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

mysql::Column ColumnOf(uint8_t type, uint32_t collation = 0) {
  mysql::Column column;
  column.name = "c";
  column.type = type;
  column.collation = collation;
  return column;
}

TEST(CellTest, NullIsNotCompared) {
  EXPECT_EQ(ExactCondition(ColumnOf(mysql::kTypeLong), {}), "`c` IS NULL");
  EXPECT_EQ(OwnLiteral(ColumnOf(mysql::kTypeLong), {}), "NULL");
}

TEST(CellTest, FloatsAreTheDoublesThatTheyAre) {
  const Cell cell{"0.10000000149011612", "0.10000000149011612"};
  EXPECT_EQ(ExactCondition(ColumnOf(mysql::kTypeFloat), cell),
            "`c` + 0e0 <=> 0.10000000149011612e0");
}

TEST(CellTest, WhatIsNoNumberNeverStandsBare) {
  const Cell cell{"1; DROP", "1; DROP"};
  EXPECT_EQ(OwnLiteral(ColumnOf(mysql::kTypeLong), cell), "'1; DROP'");
  EXPECT_EQ(OwnLiteral(ColumnOf(mysql::kTypeDouble), {"x'", "x'"}), "'x\\''");
}

TEST(CellTest, TextIsRecognisedByItsBytes) {
  const mysql::Column column = ColumnOf(mysql::kTypeVarchar, mysql::CollationOfCharset("latin1"));
  const Cell cell{"\xc3\xbc", "\xfc"};
  EXPECT_EQ(ExactCondition(column, cell), "CAST(`c` AS BINARY) <=> x'fc'");
  EXPECT_EQ(OwnLiteral(column, cell), "_latin1 x'fc'");
  const mysql::Column utf8 = ColumnOf(mysql::kTypeVarchar, mysql::CollationOfCharset("utf8mb4"));
  EXPECT_EQ(CopyLiteral(column, utf8, cell), "'\xc3\xbc'");
  EXPECT_EQ(CopiedCondition(column, utf8, cell), "`c` <=> '\xc3\xbc'");
}

TEST(CellTest, LabelsAreWrittenByNameElsewhere) {
  const Cell cell{"p", "2"};
  const mysql::Column column = ColumnOf(mysql::kTypeEnum);
  EXPECT_EQ(OwnLiteral(column, cell), "2");
  EXPECT_EQ(CopyLiteral(column, column, cell), "'p'");
}

TEST(UniqueOrderTest, ARowFollowsTheOneThatHasItsValue) {
  EXPECT_THAT(OrderUpdates({{{"a"}, {"b"}}, {{"b"}, {"c"}}, {{"c"}, {"d"}}}).first,
              ElementsAre(2, 1, 0));
}

TEST(UniqueOrderTest, RowsThatExchangeValuesStandTogetherApartFromOthers) {
  const UniqueOrder order = OrderUpdates(
      {{{"a"}, {"b"}}, {{"x"}, {"y"}}, {{"b"}, {"a"}}, {{"y"}, {"x"}}, {{}, {"free"}}});
  EXPECT_THAT(order.first, ElementsAre(4));
  EXPECT_THAT(order.circles, UnorderedElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(UniqueOrderTest, IndexesOfExpressionsAreLeftOut) {
  EXPECT_THAT(UniqueIndexes({{"t", "0", "PRIMARY", "1", "id"},
                             {"t", "1", "plain", "1", "v"},
                             {"t", "0", "expression", "1", std::nullopt},
                             {"t", "0", "two", "1", "a"},
                             {"t", "0", "two", "2", "b"}}),
              UnorderedElementsAre(ElementsAre("id"), ElementsAre("a", "b")));
}

TEST(ForeignKeysTest, ParentsStandBeforeTheirChildren) {
  const TableName a{"s", "a"}, b{"s", "b"}, c{"s", "c"};
  EXPECT_THAT(ParentsFirst({a, b, c}, {{a, b, {}, {}}, {b, c, {}, {}}}), ElementsAre(2, 1, 0));
  EXPECT_THAT(ParentsFirst({a, b}, {{a, b, {}, {}}, {b, a, {}, {}}, {a, a, {}, {}}}),
              UnorderedElementsAre(0, 1));
}

TEST(ForeignKeysTest, ColumnsOfOneKeyAreGathered) {
  const auto keys =
      ToForeignKeys({{"s", "k", "s", "c", "p1", "s", "p", "id1", "CASCADE", "RESTRICT"},
                     {"s", "k", "s", "c", "p2", "s", "p", "id2", "CASCADE", "RESTRICT"},
                     {"s", "l", "s", "c", "q", "s", "p", "id1", "NO ACTION", "SET NULL"}});
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_THAT(keys[0].child_columns, ElementsAre("p1", "p2"));
  EXPECT_TRUE(keys[0].acts_on_delete);
  EXPECT_FALSE(keys[0].acts_on_update);
  EXPECT_TRUE(keys[1].acts_on_update);
}

RepairReport Read(const std::string& text) {
  std::istringstream in(text);
  auto report = ReadReport(in);
  EXPECT_OK(report);
  return report.value_or(RepairReport());
}

constexpr char kRow[] = R"({"table":"s.t","key":[1,"a\u00fc",1.5e1],"kind":"extra"})";

TEST(ReportReaderTest, KeysAreCanonicalHoweverALineSpellsThem) {
  const RepairReport report = Read(std::string(kRow) + "\n{\"table\":\"s.t\",\"different\":1}\n");
  EXPECT_THAT(report.at("s.t").rows, ElementsAre(ReportedRow{"[1,\"a\xc3\xbc\",15]", true}));
  EXPECT_EQ(report.at("s.t").incomplete, "");
}

TEST(ReportReaderTest, ATableWithoutAResultIsIncomplete) {
  EXPECT_THAT(Read(kRow).at("s.t").incomplete, HasSubstr("ends before its result"));
  EXPECT_EQ(
      Read("{\"table\":\"s.t\",\"different\":0,\"incomplete\":\"lost\"}\n").at("s.t").incomplete,
      "lost");
  EXPECT_EQ(Read("{\"table\":\"s.t\",\"different\":0,\"skipped\":\"gone\"}\n").at("s.t").skipped,
            "gone");
}

TEST(ReportReaderTest, WhatIsNoReportIsNamedByItsLine) {
  for (const std::string bad :
       {"[]", "{}", "{\"table\":1}", "{\"table\":\"t\"}", "x", "{\"table\":\"t\",\"key\":{}}",
        "{\"table\":\"t\",\"key\":[[1]]}", "{\"table\":\"t\",\"key\":[]}", "\xff"}) {
    std::istringstream in("\n" + bad + "\n");
    EXPECT_THAT(ReadReport(in),
                test::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")))
        << bad;
  }
}

class UndoLogTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(log_, UndoLog::Create(Path())); }

  std::string Path() const { return dir_ / "undo.sql"; }
  // Without comments and settings.
  std::vector<std::string> Lines(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line[0] != '-' && line != UndoSettings() + ";") lines.push_back(line);
    }
    return lines;
  }

  const test::TestDir dir_{"dcp-test-undo"};
  std::unique_ptr<UndoLog> log_;
};

TEST_F(UndoLogTest, IsAScriptInReverseOrderOnceFinished) {
  ASSERT_OK(log_->Append({"one", "two"}));
  ASSERT_OK(log_->Append({"three"}));
  EXPECT_THAT(Lines(Path()), ElementsAre("one;", "two;", "three;"));
  ASSERT_OK(log_->Finish());
  EXPECT_THAT(Lines(Path()), ElementsAre("three;", "two;", "one;"));
}

TEST_F(UndoLogTest, WhatDidNotHappenIsTakenAway) {
  ASSERT_OK(log_->Append({"one"}));
  ASSERT_OK(log_->Append({"two", "three"}));
  ASSERT_OK(log_->Shrink(1));
  ASSERT_OK(log_->Append({"four"}));
  ASSERT_OK(log_->Finish());
  EXPECT_THAT(Lines(Path()), ElementsAre("four;", "one;"));
}

TEST_F(UndoLogTest, AnotherRepairsFileIsNotTouched) {
  EXPECT_THAT(UndoLog::Create(Path()),
              test::StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("exists")));
  EXPECT_THAT(UndoLog::Create(dir_ / "none/undo"),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("none/undo")));
  ASSERT_OK(log_->Finish());
  EXPECT_THAT(Lines(Path()), IsEmpty());
}

}  // namespace
}  // namespace dcp::verifier
