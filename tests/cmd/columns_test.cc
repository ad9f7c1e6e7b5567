// Columns, keys and types that differ between a source and its replica, settings of the
// row image, and statements that change columns under traffic.
#include <algorithm>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class ColumnsTest : public CheckedPair {
 protected:
  void SetUp() override {
    CheckedPair::SetUp();
    for (MysqlServer* server : {&source(), &replica()}) {
      ASSERT_OK(server->Execute("SET GLOBAL binlog_row_metadata = 'FULL'"));
    }
    Convert("ALL_LOSSY,ALL_NON_LOSSY");
  }

  // A statement that the applier must not run beside.
  void WithApplierStopped(const std::string& sql) {
    ASSERT_OK(replica().Execute(
        absl::StrCat("STOP REPLICA SQL_THREAD; ", sql, "; START REPLICA SQL_THREAD")));
  }
  // What the applier takes where types differ.
  void Convert(const std::string& types) {
    WithApplierStopped(absl::StrCat("SET GLOBAL replica_type_conversions = '", types, "'"));
  }
  // What becomes of tables without a primary key on the replica.
  void PrimaryKeyCheck(const std::string& what) {
    WithApplierStopped(
        absl::StrCat("CHANGE REPLICATION SOURCE TO REQUIRE_TABLE_PRIMARY_KEY_CHECK = ", what));
  }

  // A table of both servers that has other columns on the replica.
  void Table(const std::string& name, const std::string& columns, const std::string& alter) {
    ASSERT_OK(source().Execute(absl::StrCat("CREATE TABLE shop.", name, " (", columns, ")")));
    Unlogged(absl::StrCat("ALTER TABLE shop.", name, " ", alter));
  }

  // That, and nothing else, is said of the first segment.
  void ExpectUnverified(const std::string& words, const std::string& detail) {
    EXPECT_THAT(Said(), ElementsAre("unverified 200..201 " + words));
    const auto alarm = dcp().Await(OfType("unverified"));
    ASSERT_OK(alarm);
    EXPECT_THAT((*alarm)["detail"].get<std::string>(), HasSubstr(detail));
  }

  // Lines of dcp's log that say what is left out of `table`.
  std::vector<std::string> LeftOut(const std::string& table) {
    std::vector<std::string> lines;
    for (const absl::string_view line : absl::StrSplit(dcp().log(), '\n')) {
      if (absl::StrContains(line, absl::StrCat("table shop.", table, ", ")) &&
          absl::StrContains(line, "columns left out")) {
        lines.emplace_back(line);
      }
    }
    return lines;
  }
};

// Inserts, updates and deletes rows of `table`, whose first column is the key 1, 2, ….
std::string Writes(const std::string& table, const std::string& values, const std::string& update) {
  return absl::StrCat("INSERT INTO shop.", table, " VALUES (1, ", values, "), (2, ", values,
                      "); UPDATE shop.", table, " SET ", update, " WHERE id = 1; DELETE FROM shop.",
                      table, " WHERE id = 2");
}

// ---- differences of the tables that are none of the rows ----

TEST_F(ColumnsTest, OtherColumnsAndKeysOnTheReplicaAreNoDifference) {
  Table("extra", "id INT PRIMARY KEY, v INT", "ADD COLUMN note VARCHAR(10) DEFAULT 'own'");
  Table("own_key", "id INT PRIMARY KEY, v INT",
        "DROP PRIMARY KEY, ADD COLUMN rid INT AUTO_INCREMENT PRIMARY KEY");
  Table("stored", "id INT PRIMARY KEY, v INT", "ADD COLUMN g INT AS (v * 2) STORED");
  Table("virt", "id INT PRIMARY KEY, v INT", "ADD COLUMN g INT AS (v * 2) VIRTUAL");
  Table("hidden", "id INT PRIMARY KEY, v INT", "ADD COLUMN h INT DEFAULT 3 INVISIBLE");
  Table("fewer", "id INT PRIMARY KEY, v INT, w INT", "DROP COLUMN w");
  Table("keyless", "id INT, v INT", "ADD PRIMARY KEY (id)");
  const char* tables[] = {"extra", "own_key", "stored", "virt", "hidden", "fewer", "keyless"};
  Start();
  for (int round = 0; round < 2; ++round) {
    for (const std::string table : tables) {
      const std::string values = table == "fewer" ? "2, 3" : "2";
      for (const absl::string_view sql : absl::StrSplit(Writes(table, values, "v = 9"), "; ")) {
        OnSource(std::string(sql));
      }
      OnSource(absl::StrCat("DELETE FROM shop.", table));
    }
    Judge();
  }
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
  EXPECT_THAT(LeftOut("extra"), ElementsAre(HasSubstr("note (is not on src)")));
  EXPECT_THAT(LeftOut("own_key"), ElementsAre(HasSubstr("rid (is not on src)")));
  EXPECT_THAT(LeftOut("stored"), ElementsAre(HasSubstr("g (is not on src)")));
  EXPECT_THAT(LeftOut("virt"), ElementsAre(HasSubstr("g (is not on src)")));
  EXPECT_THAT(LeftOut("hidden"), ElementsAre(HasSubstr("h (is not on src)")));
  EXPECT_THAT(LeftOut("fewer"), ElementsAre(HasSubstr("w (is not on dst)")));
  EXPECT_THAT(LeftOut("keyless"), ElementsAre());
}

TEST_F(ColumnsTest, AnInvisibleKeyOnTheReplicaIsNoDifference) {
  PrimaryKeyCheck("GENERATE");
  ASSERT_OK(source().Execute("CREATE TABLE shop.log (at INT, what VARCHAR(10))"));
  Start();
  OnSource("INSERT INTO shop.log VALUES (1, 'x'), (1, 'x'), (2, 'y')");
  OnSource("UPDATE shop.log SET what = 'z' WHERE at = 2");
  OnSource("DELETE FROM shop.log WHERE at = 1 LIMIT 1");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
  EXPECT_THAT(LeftOut("log"), ElementsAre(HasSubstr("my_row_id (is not on src)")));
  PrimaryKeyCheck("STREAM");
}

TEST_F(ColumnsTest, OtherTypesOfTheSameValuesAreNoDifference) {
  Table("f2d", "id INT PRIMARY KEY, v FLOAT", "MODIFY v DOUBLE");
  Table("d2f", "id INT PRIMARY KEY, v DOUBLE", "MODIFY v FLOAT");
  Table("wide_dec", "id INT PRIMARY KEY, v DECIMAL(8,2)", "MODIFY v DECIMAL(14,4)");
  Table("wide_int", "id INT PRIMARY KEY, v INT", "MODIFY v BIGINT");
  Table("wide_char", "id INT PRIMARY KEY, v VARCHAR(10)", "MODIFY v VARCHAR(300)");
  Table("wide_bin", "id INT PRIMARY KEY, v BINARY(4)", "MODIFY v BINARY(9)");
  Table("wide_text", "id INT PRIMARY KEY, v TEXT CHARACTER SET utf8mb3",
        "MODIFY v LONGTEXT CHARACTER SET utf8mb4");
  Start();
  const std::pair<std::string, std::string> cases[] = {
      {"f2d", "0.1, 1.17549e-38, -3.4e38"}, {"d2f", "0.1, 123456789.123, -1e300"},
      {"wide_dec", "1.10, -0.01, 0"},       {"wide_int", "-1, 2147483647, 0"},
      {"wide_char", "'a', 'ab ', ''"},      {"wide_bin", "'a', 'ab\\0c', ''"},
      {"wide_text", "'ä', 'ßx', ''"},
  };
  for (const auto& [table, values] : cases) {
    for (const absl::string_view value : absl::StrSplit(values, ", ")) {
      OnSource(
          absl::StrCat("SET NAMES utf8mb4; INSERT INTO shop.", table, " VALUES (1, ", value, ")"));
      OnSource(absl::StrCat("UPDATE shop.", table, " SET id = 2"));
      OnSource(absl::StrCat("DELETE FROM shop.", table));
    }
    OnSource(absl::StrCat("INSERT INTO shop.", table, " VALUES (7, NULL)"));
  }
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
  EXPECT_THAT(LeftOut("f2d"), ElementsAre(HasSubstr("v (FLOAT beside DOUBLE")));
  EXPECT_THAT(LeftOut("d2f"), ElementsAre(HasSubstr("v (FLOAT beside DOUBLE")));
}

TEST_F(ColumnsTest, StrictColumnsAreADifference) {
  Table("fewer", "id INT PRIMARY KEY, v INT, w INT", "DROP COLUMN w");
  Table("extra", "id INT PRIMARY KEY, v INT", "ADD COLUMN note INT DEFAULT 3");
  Start({.check = "strict_columns = true\n"});
  OnSource("INSERT INTO shop.fewer VALUES (1, 2, 3)");
  OnSource("INSERT INTO shop.extra VALUES (1, 2)");
  OnSource("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 mismatch shop.extra[1], mismatch shop.fewer[1]"));
  EXPECT_THAT(dcp().log(), HasSubstr("w (is not on dst)"));
  EXPECT_THAT(dcp().log(), HasSubstr("note (is not on src)"));
}

TEST_F(ColumnsTest, AReplicaWithoutTheKeyColumnIsUnverified) {
  Table("lost", "v INT, w INT, id INT PRIMARY KEY", "DROP COLUMN id");
  Start();
  OnSource("INSERT INTO shop.lost VALUES (1, 2, 3)");
  ExpectUnverified("columns shop.lost", "lacks the key column id");
}

TEST_F(ColumnsTest, CheckConfigNamesWhatIsNotCompared) {
  Table("fewer", "id INT PRIMARY KEY, v INT, w INT", "DROP COLUMN w, ADD COLUMN x INT");
  TestDir dir("columns");
  WriteFile(dir / "dcp.toml", Config({}));
  const auto result = RunDcp({"check-config", "--config", dir / "dcp.toml"});
  ASSERT_OK(result);
  EXPECT_EQ(result->exit_code, 0) << result->output;
  EXPECT_THAT(result->output, HasSubstr("w (is not on dst), x (is not on src)"));
  const auto as_json = RunDcp({"check-config", "--json", "--config", dir / "dcp.toml"});
  ASSERT_OK(as_json);
  const Alarm json = Alarm::parse(as_json->output);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["servers"].size(), 2u);
  EXPECT_THAT(json["tags"].dump(), HasSubstr("w (is not on dst), x (is not on src)"));
}

// ---- row images ----

TEST_F(ColumnsTest, MinimalImagesOnTheReplicaAloneChangeNothing) {
  WithApplierStopped("SET GLOBAL binlog_row_image = 'MINIMAL'");
  Table("extra", "id INT PRIMARY KEY, v INT", "ADD COLUMN note INT DEFAULT 3");
  Start();
  for (const std::string table : {"extra", "orders"}) {
    const std::string more = table == "orders" ? ", 7" : "";
    OnSource(
        absl::StrCat("INSERT INTO shop.", table, " VALUES (51, 1", more, "), (52, 1", more, ")"));
    OnSource(absl::StrCat("UPDATE shop.", table, " SET v = 2 WHERE id = 51"));
    OnSource(absl::StrCat("DELETE FROM shop.", table, " WHERE id = 52"));
  }
  Judge();
  Skipped("UPDATE shop.orders SET v = 'x' WHERE id = 51");
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "diff 201..202 stale shop.orders[51]"));
}

TEST_F(ColumnsTest, MinimalImagesOnTheSourceAreUnverified) {
  Start();
  ASSERT_OK(source().Execute("SET SESSION binlog_row_image = 'MINIMAL'"));
  OnSource("UPDATE shop.orders SET v = 'x' WHERE id = 3");
  ASSERT_OK(source().Execute("SET SESSION binlog_row_image = 'FULL'"));
  Judge();
  ExpectUnverified("image shop.orders", "binlog_row_image = 'FULL'");
}

// ---- statements ----

class ColumnStatementsTest : public ColumnsTest {
 protected:
  void SetUp() override {
    ColumnsTest::SetUp();
    ASSERT_OK(source().Execute(
        "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 0, b VARCHAR(20), r "
        "FLOAT)"));
  }

  // Some rows of shop.t, whatever its columns are, and a barrier now and then.
  void Rows() {
    ++row_;
    EXPECT_OK(source().Execute(absl::StrCat(
        "INSERT INTO shop.t (id) VALUES (", row_, "); UPDATE shop.t SET r = ", row_,
        ".1 WHERE id % 7 = ", row_ % 7, "; DELETE FROM shop.t WHERE id = ", row_ - 5)));
    Traffic();
    if (row_ % 3 == 0) Barrier();
  }

  // Rows until so many lines of the log have said what is left out: how soon a collector sees of
  // the other's columns depends on the machine.
  void RowsUntilLeftOut(size_t lines) {
    const auto said = [&] {
      Rows();
      return LeftOut("t").size() >= lines;
    };
    EXPECT_TRUE(Eventually(said)) << dcp().log();
  }

  // Rows until what is left out is compared again: how soon a collector sees its own server's new
  // columns depends on the machine too.
  void RowsUntilComparedAgain() {
    const auto compared = [&] {
      for (int i = 0; i < 3; ++i) Rows();
      Judge();
      return absl::StartsWith(Said().back(), "same ");
    };
    EXPECT_TRUE(Eventually(compared)) << dcp().log();
  }

  // All statements between rows, on a source whose replica follows at once.
  void ExpectOnlySameUnderTraffic(const Settings& settings) {
    Start(settings);
    for (const std::string& statement : statements_) {
      Rows();
      OnSource(absl::StrCat("ALTER TABLE shop.t ", statement));
      Rows();
    }
    ExpectOnlySame();
  }
  void ExpectOnlySame() {
    Judge();
    EXPECT_THAT(Said(), Each(StartsWith("same ")));
  }
  // Never a difference; what cannot be compared is shop.t's columns, and ends.
  void ExpectSameOrDdl(const std::vector<std::string>& said) {
    EXPECT_THAT(said, Each(AnyOf(StartsWith("same "),
                                 AllOf(StartsWith("unverified "), HasSubstr(" ddl shop.t")))));
    EXPECT_THAT(said.back(), StartsWith("same "));
  }

  const std::vector<std::string> statements_ = {
      "ADD COLUMN c INT DEFAULT 5",
      "ADD COLUMN d VARCHAR(9) DEFAULT 'd' FIRST",
      "RENAME COLUMN c TO e",
      "MODIFY COLUMN r DOUBLE",
      "DROP COLUMN d",
      "MODIFY COLUMN r FLOAT AFTER a",
      "DROP COLUMN e",
      "MODIFY COLUMN b TEXT",
      "DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)",
      "RENAME COLUMN b TO c",
      "ADD COLUMN g INT AS (a + 1) VIRTUAL",
  };
  int row_ = 0;
};

TEST_F(ColumnStatementsTest, OnBothSidesUnderTrafficAreOnlySame) {
  ExpectOnlySameUnderTraffic({});
  EXPECT_THAT(LeftOut("t"), ElementsAre());
}

TEST_F(ColumnStatementsTest, AlignedByBarriersAreOnlySame) {
  ExpectOnlySameUnderTraffic({.check = "align = \"barrier\"\n", .lateness = 1});
}

TEST_F(ColumnStatementsTest, OnALateReplicaAreOnlySame) {
  Start();
  for (size_t i = 0; i < statements_.size(); ++i) {
    if (i % 4 == 0) {
      ASSERT_OK(replica().Execute("STOP REPLICA SQL_THREAD"));
    }
    Rows();
    OnSource(absl::StrCat("ALTER TABLE shop.t ", statements_[i]));
    for (int n = 0; n < 4; ++n) Rows();
    if (i % 4 == 3) {
      ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
    }
  }
  ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
  ExpectOnlySame();
}

// The usual order of a change by hand: the replica first, nothing of it in the binlogs.
class ByHandTest : public ColumnStatementsTest,
                   public ::testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(Metadata, ByHandTest, ::testing::Values("FULL", "MINIMAL"),
                         [](const auto& metadata) { return metadata.param; });

TEST_P(ByHandTest, OnTheReplicaFirstIsNeverADifference) {
  for (MysqlServer* server : {&source(), &replica()}) {
    ASSERT_OK(server->Execute(absl::StrCat("SET GLOBAL binlog_row_metadata = ", GetParam())));
  }
  Start();
  for (int i = 0; i < 3; ++i) Rows();
  Judge();  // with MINIMAL metadata what is read later cannot be told
  Unlogged("ALTER TABLE shop.t ADD COLUMN c INT DEFAULT 5");
  for (int i = 0; i < 12; ++i) Rows();
  RowsUntilLeftOut(1);
  Judge();
  ASSERT_OK(source().Execute(
      "SET SESSION sql_log_bin = 0; ALTER TABLE shop.t ADD COLUMN c INT DEFAULT 5; "
      "SET SESSION sql_log_bin = 1"));
  for (int i = 0; i < 15; ++i) Rows();
  RowsUntilComparedAgain();
  const std::vector<std::string> said = Said();
  ExpectSameOrDdl(said);
  EXPECT_THAT(said, Contains(StartsWith("unverified ")));
  EXPECT_THAT(LeftOut("t"), ElementsAre(HasSubstr("c (is not on src)")));
  Skipped("INSERT INTO shop.t VALUES (5000, 1, 'x', 1, 1)");
  EXPECT_THAT(Said(), Contains(HasSubstr(" missing shop.t[5000]")));
}

TEST_F(ColumnStatementsTest, AColumnDroppedByHandOnTheReplicaIsLeftOut) {
  Start();
  for (int i = 0; i < 3; ++i) Rows();
  Judge();
  Unlogged("ALTER TABLE shop.t DROP COLUMN r, ADD COLUMN r DOUBLE");
  for (int i = 0; i < 12; ++i) Rows();
  RowsUntilLeftOut(1);
  Unlogged("ALTER TABLE shop.t DROP COLUMN r");
  for (int i = 0; i < 15; ++i) Rows();
  RowsUntilLeftOut(2);
  RowsUntilComparedAgain();
  ExpectSameOrDdl(Said());
  EXPECT_THAT(LeftOut("t"),
              ElementsAre(HasSubstr("r (FLOAT beside DOUBLE"), HasSubstr("r (is not on dst)")));
}

// ---- differences that look odd, and are some ----

// The row 1 differs, the row 2 does not.
struct OddCase {
  friend std::ostream& operator<<(std::ostream& out, const OddCase& odd) { return out << odd.name; }

  const char* name;
  const char* column;   // on the source
  const char* replica;  // there
  const char* values;   // of the rows 1 and 2
  const char* conversions = "ALL_LOSSY,ALL_NON_LOSSY";
};

const OddCase kOddCases[] = {
    {"UnsignedWidenedWithoutAllUnsigned", "INT UNSIGNED", "BIGINT UNSIGNED",
     "(1, 4294967295), (2, 5)", "ALL_NON_LOSSY"},
    {"WiderCharactersIntoLatin1", "VARCHAR(20) CHARACTER SET utf8mb4",
     "VARCHAR(20) CHARACTER SET latin1", "(1, 'ä'), (2, 'a')"},
    {"OtherLabelsOfAnEnum", "ENUM('a','b','c')", "ENUM('b','a','c')", "(1, 'a'), (2, 'c')"},
    {"OtherMembersOfASet", "SET('a','b','c')", "SET('b','a','c')", "(1, 'a'), (2, 'c')"},
    {"TrailingBlanksOfAVarcharInAChar", "VARCHAR(20)", "CHAR(20)", "(1, 'a  '), (2, 'a')"},
    {"LongTextsInAShorterColumn", "VARCHAR(20)", "VARCHAR(4)", "(1, 'abcde'), (2, 'abcd')"},
};

class OddDifferencesTest : public ColumnsTest, public ::testing::WithParamInterface<OddCase> {};
INSTANTIATE_TEST_SUITE_P(, OddDifferencesTest, ::testing::ValuesIn(kOddCases),
                         [](const auto& odd) { return odd.param.name; });

TEST_P(OddDifferencesTest, IsSaid) {
  const OddCase& odd = GetParam();
  Table("odd", absl::StrCat("id INT PRIMARY KEY, v ", odd.column),
        absl::StrCat("MODIFY v ", odd.replica));
  Convert(odd.conversions);
  Start();
  OnSource(absl::StrCat("SET NAMES utf8mb4; INSERT INTO shop.odd VALUES ", odd.values));
  EXPECT_THAT(Said(), ElementsAre("diff 200..201 mismatch shop.odd[1]"));
}

// Statements that the replica leaves out change what rows are made of on one side alone.
TEST_F(ColumnStatementsTest, LeftOutOnTheReplicaIsADifferenceUntilItsColumnsAreLeftOut) {
  Start();
  for (int i = 0; i < 3; ++i) Rows();
  Skipped("ALTER TABLE shop.t ADD COLUMN c INT DEFAULT 5");
  OnSource("INSERT INTO shop.t (id) VALUES (5000)");
  Judge();
  EXPECT_THAT(Said().back(), AllOf(HasSubstr(R"(ddl shop.t["ddl"])"), HasSubstr("shop.t[5000]")));
  RowsUntilLeftOut(1);
  for (int i = 0; i < 12; ++i) Rows();
  OnSource("UPDATE shop.t SET r = 7 WHERE id = 5000");
  Judge();
  const std::vector<std::string> said = Said();
  EXPECT_THAT(said, Contains(AllOf(StartsWith("resolved"), HasSubstr("shop.t[5000]"))));
  EXPECT_THAT(said.back(), AnyOf(StartsWith("same "), StartsWith("resolved ")));
  EXPECT_THAT(LeftOut("t"), ElementsAre(HasSubstr("c (is not on dst)")));
}

// Triggers that MariaDB's replica runs for rows that come from its source.
TEST(MariaDbTriggersTest, WhatTriggersOfTheReplicaWriteIsSaid) {
  ASSERT_OK_AND_ASSIGN(ReplicaPair* const pair, SharedServers::Fresh(PairOf(Flavour::kMariaDb)));
  ASSERT_OK(pair->source().Execute(
      "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT);"
      "CREATE TABLE shop.audit (id INT PRIMARY KEY, v INT)"));
  ASSERT_OK(pair->WaitForReplica());
  ASSERT_OK(pair->replica().Execute(
      "STOP SLAVE; SET GLOBAL slave_run_triggers_for_rbr = LOGGING; START SLAVE;"
      "SET sql_log_bin = 0; CREATE TRIGGER shop.own BEFORE INSERT ON shop.orders FOR EACH ROW SET "
      "NEW.v = NEW.v + NEW.v; CREATE TRIGGER shop.log AFTER INSERT ON shop.orders FOR EACH ROW "
      "INSERT INTO shop.audit VALUES (NEW.id, 1); SET sql_log_bin = 1"));
  ASSERT_OK_AND_ASSIGN(const auto dcp,
                       DcpProcess::Start(LivePairToml(pair->source(), pair->replica())));
  EXPECT_THAT(dcp->log(), HasSubstr("slave_run_triggers_for_rbr is LOGGING"));
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK(pair->source().Execute("INSERT INTO shop.orders VALUES (1, 0), (2, 7)"));
  ASSERT_OK(dcp->AwaitJudged(pair->source(), "orders"));
  EXPECT_THAT(DifferencesOf(*dcp, "orders"),
              UnorderedElementsAre("mismatch shop.orders[2]", "extra shop.audit[1]",
                                   "extra shop.audit[2]"));
}

}  // namespace
}  // namespace dcp::test
