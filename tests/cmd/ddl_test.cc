// Statements on tables themselves: on both sides they are part of the traffic, on one side alone
// a finding of kind `ddl`, whatever comes after them.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::_;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// `shop` is checked, `desk` is not.
constexpr char kMoreTables[] =
    "CREATE DATABASE desk;"
    "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20), n INT);"
    "INSERT INTO shop.t VALUES (1, 'a', 1), (2, 'b', 2);"
    "CREATE TABLE shop.indexed (id INT PRIMARY KEY, n INT, KEY i (n));"
    "CREATE TABLE shop.parts (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) "
    "(PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (20), "
    "PARTITION p3 VALUES LESS THAN MAXVALUE);"
    "INSERT INTO shop.parts VALUES (1, 1), (11, 1), (21, 1);"
    "CREATE TABLE shop.swapped (id INT PRIMARY KEY, v INT);"
    "CREATE TABLE desk.away (id INT PRIMARY KEY, v INT);"
    "INSERT INTO desk.away VALUES (1, 1)";

class DdlTest : public CheckedPair {
 protected:
  using CheckedPair::CheckedPair;

  void SetUp() override {
    CheckedPair::SetUp();
    ASSERT_OK(source().Execute(kMoreTables));
    ASSERT_OK(pair().WaitForReplica());
  }
};

// ---- on one side alone ----

struct DdlCase {
  const char* name;
  const char* sql;
  std::vector<std::string> tables;  // of `shop`, that it is a change of
  const char* after = "";           // the same on both sides, later
  Flavour flavour = Flavour::kMysql97;
};

std::vector<DdlCase> On(Flavour flavour, std::vector<DdlCase> cases) {
  for (DdlCase& ddl : cases) ddl.flavour = flavour;
  return cases;
}

std::string Wanted(const DdlCase& ddl) {
  std::string words;
  for (const std::string& table : ddl.tables) {
    absl::StrAppend(&words, words.empty() ? "" : ", ", "ddl shop.", table, R"(["ddl"])");
  }
  return words;
}

class OneSideTest : public DdlTest, public ::testing::WithParamInterface<DdlCase> {
 protected:
  OneSideTest() : DdlTest(GetParam().flavour) {}

  // Equal traffic on the tables afterwards changes nothing about the finding.
  void ExpectFound() {
    const std::string after = GetParam().after;
    if (!after.empty()) OnSource(after);
    Judge();
    if (!after.empty()) OnSource(after);
    Judge();
    const std::vector<std::string> said = Said();
    EXPECT_THAT(said, ElementsAre("diff 200..201 " + Wanted(GetParam()), "same 201..202"));
  }
};

const DdlCase kTruncate{
    "Truncate",
    "TRUNCATE TABLE shop.t",
    {"t"},
    "INSERT INTO shop.t VALUES (7, 'later', 1) ON DUPLICATE KEY UPDATE n = n + 1"};
const DdlCase kDrop{"Drop", "DROP TABLE shop.t", {"t"}};
const DdlCase kAddIndex{"AddIndex",
                        "ALTER TABLE shop.t ADD INDEX (v)",
                        {"t"},
                        "UPDATE shop.t SET n = n + 1 WHERE id = 1"};
const DdlCase kTruncatePartition{
    "TruncatePartition",
    "ALTER TABLE shop.parts TRUNCATE PARTITION p2",
    {"parts"},
    "INSERT INTO shop.parts VALUES (1, 2), (12, 5) ON DUPLICATE KEY UPDATE v = v + 1"};
const DdlCase kCreateOrReplace{
    "CreateOrReplace",
    "CREATE OR REPLACE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20), n INT)",
    {"t"},
    kTruncate.after};

std::vector<DdlCase> MainCases(Flavour flavour) {
  std::vector<DdlCase> cases = {kTruncate, kDrop, kAddIndex, kTruncatePartition};
  if (flavour == Flavour::kMariaDb) cases.push_back(kCreateOrReplace);
  return On(flavour, std::move(cases));
}

std::vector<DdlCase> AllCases(Flavour flavour) {
  std::vector<DdlCase> cases = MainCases(flavour);
  const std::vector<DdlCase> more = {
      {"DropOfTwo", "DROP TABLE shop.t, shop.swapped", {"swapped", "t"}},
      {"AddColumn", "ALTER TABLE shop.swapped ADD COLUMN n INT", {"swapped"}},
      {"CreateIndex",
       "CREATE UNIQUE INDEX u ON shop.t (v)",
       {"t"},
       "UPDATE shop.t SET n = n + 1 WHERE id = 1"},
      {"DropIndex",
       "DROP INDEX i ON shop.indexed",
       {"indexed"},
       "INSERT INTO shop.indexed VALUES (7, 1) ON DUPLICATE KEY UPDATE n = n + 1"},
      {"DropPartition", "ALTER TABLE shop.parts DROP PARTITION p2", {"parts"}},
      {"ExchangePartition",
       "ALTER TABLE shop.parts EXCHANGE PARTITION p2 WITH TABLE shop.swapped",
       {"parts", "swapped"}},
      {"RenameOutOfTheCheckedSet", "RENAME TABLE shop.t TO desk.t", {"t"}},
      {"RenameIntoTheCheckedSet", "RENAME TABLE desk.away TO shop.back", {"back"}},
      {"RenameWithinTheCheckedSet", "ALTER TABLE shop.t RENAME shop.moved", {"moved", "t"}},
      {"Create", "CREATE TABLE shop.more (id INT PRIMARY KEY)", {"more"}},
  };
  cases.insert(cases.end(), more.begin(), more.end());
  return On(flavour, std::move(cases));
}

std::string NameOfCase(const ::testing::TestParamInfo<DdlCase>& ddl) {
  return absl::StrCat(NameOf(ddl.param.flavour), ddl.param.name);
}

TEST_P(OneSideTest, OnTheTarget) {
  Start();
  OnReplica(GetParam().sql);
  ExpectFound();
}

TEST_P(OneSideTest, OnTheSource) {
  Start();
  Skipped(GetParam().sql);
  ExpectFound();
}

INSTANTIATE_TEST_SUITE_P(, OneSideTest, ::testing::ValuesIn(AllCases(Flavour::kMysql97)),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(MariaDb, OneSideTest, ::testing::ValuesIn(MainCases(Flavour::kMariaDb)),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(Mysql56, OneSideTest, ::testing::ValuesIn(MainCases(Flavour::kMysql56)),
                         NameOfCase);

// Dropped on the target alone, with a database of which the source writes nothing more.
TEST_F(DdlTest, DatabaseDroppedOnTheTargetAlone) {
  Start({.background = false});
  OnSource("UPDATE shop.t SET n = n + 1 WHERE id = 1");
  Judge();
  OnReplica("DROP DATABASE shop");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", R"(diff 201..202 ddl shop.t["ddl"])"));
}

// The same statement of another partition is another.
TEST_F(DdlTest, AnotherPartitionOnEachSide) {
  Start();
  Skipped("ALTER TABLE shop.parts TRUNCATE PARTITION p1");
  OnReplica("ALTER TABLE shop.parts TRUNCATE PARTITION p2");
  EXPECT_THAT(Said(), ElementsAre(R"(diff 200..201 ddl shop.parts["ddl"])"));
}

// An index that both sides get, by either statement.
TEST_F(DdlTest, CreateIndexIsAlterTable) {
  Start();
  Skipped("CREATE INDEX i ON shop.t (v)");
  OnReplica("ALTER TABLE shop.t ADD INDEX i (v)");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

TEST_F(DdlTest, StatementsThatChangeNoTableAreNone) {
  Start();
  OnReplica("CREATE VIEW shop.seen AS SELECT * FROM shop.t");
  OnReplica("ANALYZE TABLE shop.t");
  OnReplica("CREATE TRIGGER shop.tr AFTER DELETE ON shop.swapped FOR EACH ROW SET @a = 1");
  OnReplica("CREATE TABLE desk.own (id INT PRIMARY KEY)");
  OnReplica("RENAME TABLE desk.own TO desk.owned");
  OnReplica("DROP VIEW shop.seen");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

// ---- on each flavour ----

class FlavourDdlTest : public DdlTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  FlavourDdlTest() : DdlTest(GetParam()) {}

  void CreateMemoryTable() {
    ASSERT_OK(
        source().Execute("CREATE TABLE shop.mem (id INT PRIMARY KEY, v INT) ENGINE = MEMORY; "
                         "INSERT INTO shop.mem VALUES (1, 1), (2, 2)"));
    ASSERT_OK(pair().WaitForReplica());
  }
};

INSTANTIATE_TEST_SUITE_P(, FlavourDdlTest, ::testing::ValuesIn(kAllFlavours),
                         [](const auto& flavour) { return NameOf(flavour.param); });

// The server says itself that it emptied the table.
TEST_P(FlavourDdlTest, MemoryTableEmptiedByTheReplicasRestart) {
  CreateMemoryTable();
  Start();
  OnSource("UPDATE shop.mem SET v = 5 WHERE id = 1");
  Judge();
  ASSERT_OK(replica().Restart());
  OnReplica("DO (SELECT COUNT(*) FROM shop.mem)");
  OnSource("INSERT INTO shop.mem VALUES (3, 3)");
  Judge();
  OnSource("INSERT INTO shop.mem VALUES (4, 4)");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", R"(diff 201..202 ddl shop.mem["ddl"])",
                                  "same 202..203"));
}

// The applier opens it first.
TEST_P(FlavourDdlTest, MemoryTableEmptiedAndThenWritten) {
  CreateMemoryTable();
  Start();
  ASSERT_OK(replica().Restart());
  OnSource("INSERT INTO shop.mem VALUES (3, 3)");
  EXPECT_THAT(Said(), ElementsAre(R"(diff 200..201 ddl shop.mem["ddl"])"));
}

TEST_F(DdlTest, MemoryTableEmptiedOnBothSides) {
  ASSERT_OK(
      source().Execute("CREATE TABLE shop.mem (id INT PRIMARY KEY, v INT) ENGINE = MEMORY; "
                       "INSERT INTO shop.mem VALUES (1, 1), (2, 2)"));
  Start();
  ASSERT_OK(source().Restart());
  OnSource("DO (SELECT COUNT(*) FROM shop.mem)");
  OnSource("INSERT INTO shop.mem VALUES (3, 3)");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

// ---- on both sides ----

constexpr char kAnew[] =
    "DROP TABLE IF EXISTS shop.t, shop.indexed, shop.parts, shop.swapped, shop.back, shop.moved, "
    "shop.more; DROP DATABASE desk;";

// Rows that a statement follows closely can only be read by what the binlog says of their table;
// where it does not, they are read before.
TEST_P(FlavourDdlTest, OnBothSidesItIsTheSame) {
  const bool metadata = flavour() != Flavour::kMysql56;
  for (MysqlServer* server : {&source(), &replica()}) {
    if (!metadata) break;
    ASSERT_OK(server->Execute("SET GLOBAL binlog_row_metadata = FULL"));
  }
  Start();
  for (const DdlCase& ddl : AllCases(flavour())) {
    OnSource("INSERT INTO shop.t VALUES (9, 'x', 0)");
    OnSource("UPDATE shop.t SET n = n + 1 WHERE id IN (1, 9)");
    if (!metadata) Judge();
    OnSource(ddl.sql);
    Judge();
    if (ddl.after[0] != '\0') OnSource(ddl.after);
    if (!metadata) Judge();
    ASSERT_OK(source().Execute(absl::StrCat(kAnew, kMoreTables)));
    if (!metadata) Judge();
  }
  const std::vector<std::string> said = Said();
  EXPECT_GE(said.size(), AllCases(flavour()).size());
  for (size_t i = 0; i < said.size(); ++i) {
    EXPECT_EQ(said[i], absl::StrCat("same ", kFirst + i, "..", kFirst + i + 1));
  }
}

// Rows that differ, and a statement that takes all rows away on both sides.
class RowsGoneTest : public DdlTest, public ::testing::WithParamInterface<DdlCase> {
 protected:
  RowsGoneTest() : DdlTest(GetParam().flavour) {}
};

TEST_P(RowsGoneTest, FindingsEnd) {
  Start();
  Skipped("INSERT INTO shop.t VALUES (42, 'x', 7)");
  OnReplica("INSERT INTO shop.t VALUES (77, 'own', 0)");
  Judge();
  OnSource(GetParam().sql);
  if (GetParam().after[0] != '\0') OnSource(GetParam().after);
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 extra shop.t[77], missing shop.t[42]", _,
                                  "resolved 201..202 shop.t[42], shop.t[77]"));
}

INSTANTIATE_TEST_SUITE_P(, RowsGoneTest,
                         ::testing::Values(kTruncate, kDrop,
                                           DdlCase{"DropAndCreate",
                                                   "DROP TABLE shop.t",
                                                   {},
                                                   "CREATE TABLE shop.t (id INT PRIMARY KEY)"},
                                           DdlCase{
                                               "RenameAway", "RENAME TABLE shop.t TO desk.t", {}}),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(MariaDb, RowsGoneTest,
                         ::testing::ValuesIn(On(Flavour::kMariaDb, {kTruncate, kCreateOrReplace})),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(Mysql56, RowsGoneTest,
                         ::testing::ValuesIn(On(Flavour::kMysql56, {kTruncate, kDrop})),
                         NameOfCase);

// An ALTER leaves the rows where they are.
TEST_F(DdlTest, FindingsOutliveAnAlter) {
  Start();
  Skipped("INSERT INTO shop.t VALUES (42, 'x', 7)");
  Judge();
  OnSource("ALTER TABLE shop.t ADD COLUMN w INT DEFAULT 4");
  Judge();
  OnReplica("INSERT INTO shop.t VALUES (42, 'x', 7, 4)");
  OnSource("UPDATE shop.t SET n = 8 WHERE id = 42");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 missing shop.t[42]", "same 201..202",
                                  "diff 202..203 known 1", "resolved 202..203 shop.t[42]"));
}

}  // namespace
}  // namespace dcp::test
