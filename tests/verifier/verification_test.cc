// Runs over real servers: what is found, what stands in the way, and what is said of it.
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunTest : public VerificationTest {
 protected:
  // shop.t (id, v) with ids 1 to `rows` on both sides.
  void Fill(int rows) {
    OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)");
    OnBoth(
        absl::StrCat("SET SESSION cte_max_recursion_depth = 1000000; INSERT INTO shop.t WITH "
                     "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
                     rows, ") SELECT i, i * 7 FROM n"));
  }
};

TEST_F(RunTest, EqualTables) {
  Fill(5000);
  OnBoth("CREATE TABLE shop.empty (id INT PRIMARY KEY)");
  ExpectEqual();
  EXPECT_EQ(events_.sync, "barrier");
  EXPECT_EQ(Table("shop.t").rows, 5000u);
  EXPECT_GE(Table("shop.t").chunks, 2u);
  EXPECT_EQ(Table("shop.empty").rows, 0u);
}

TEST_F(RunTest, EveryKindOfDifferenceWithItsValues) {
  Fill(3000);
  OnTarget(
      "UPDATE shop.t SET v = -1 WHERE id = 1500; DELETE FROM shop.t WHERE id IN (1, 3000); "
      "INSERT INTO shop.t VALUES (0, 5), (4000, 6)");
  options_.scan.chunk = {.first = 100, .max = 100};
  Run();
  EXPECT_THAT(events_.Found(),
              ElementsAre("extra shop.t[0]", "extra shop.t[4000]", "mismatch shop.t[1500]",
                          "missing shop.t[1]", "missing shop.t[3000]"));
  for (const Difference& difference : events_.differences) {
    if (difference.kind != Difference::Kind::kMismatch) continue;
    EXPECT_THAT(difference.columns, ElementsAre("v"));
    EXPECT_EQ(difference.source, "[1500,10500]");
    EXPECT_EQ(difference.target, "[1500,-1]");
  }
  EXPECT_EQ(Table("shop.t").different, 5u);
}

TEST_F(RunTest, AnEmptyTargetAndAnEmptySource) {
  Fill(3000);
  OnTarget("DELETE FROM shop.t");
  options_.recheck.rounds = 2;
  Run();
  EXPECT_EQ(Table("shop.t").different, 3000u);
  EXPECT_THAT(events_.differences, SizeIs(3000));
  OnSourceOnly("CREATE TABLE shop.u (id INT PRIMARY KEY)");
  OnTarget("CREATE TABLE shop.u (id INT PRIMARY KEY); INSERT INTO shop.u VALUES (1), (2)");
  options_.tables = {{{"shop.u", "", {}}, ""}};
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.u[1]", "extra shop.u[2]"));
}

// The ways to page through keys: each type, several columns, both directions, gaps.
TEST_F(RunTest, KeysOfEveryType) {
  const std::vector<std::pair<std::string, std::string>> keys = {
      {"k BIGINT UNSIGNED", "(0), (1), (18446744073709551615), (9223372036854775808), (77)"},
      {"k DECIMAL(20,4)", "(-1.5), (0), (0.0001), (99999999.9), (1)"},
      {"k VARCHAR(20)", "(''), ('a'), ('B'), ('\\'q\\\\'), ('\xe6\xbc\xa2'), ('zz')"},
      {"k VARBINARY(9)", "(''), (x'00'), (x'ff00'), (x'27'), (x'fe')"},
      {"k BINARY(4)", "(x'00'), (x'0001'), (x'ff'), (x'fffffffe')"},
      {"k DATE", "('2020-01-01'), ('1999-12-31'), ('2026-02-28')"},
      {"k DATETIME(6)", "('2020-01-01'), ('2020-01-01 00:00:00.000001'), ('2021-01-01')"},
      {"k TIMESTAMP", "('2020-01-01'), ('2020-06-01'), ('2021-01-01')"},
      {"k TIME(2)", "('-10:00:00'), ('00:00:00.5'), ('300:00:00')"},
      {"k ENUM('z','a','m')", "('a'), ('m'), ('z')"},
      {"k SET('z','a','m')", "('a'), ('m,z'), ('z'), ('')"},
      {"k BIT(20)", "(0), (5), (1048575)"},
      {"k YEAR", "(1999), (2000), (2026)"},
      {"k DOUBLE", "(-0.1), (1e100), (0.1), (0.30000000000000004)"},
  };
  for (const auto& [column, values] : keys) {
    SCOPED_TRACE(column);
    OnBoth(absl::StrCat("DROP TABLE IF EXISTS shop.t; CREATE TABLE shop.t (", column,
                        " NOT NULL PRIMARY KEY); INSERT INTO shop.t VALUES ", values));
    options_.scan.chunk = {.first = 1, .max = 1};
    ExpectEqual();
    EXPECT_EQ(Table("shop.t").chunks, Table("shop.t").rows + 1);
    OnTarget("DELETE FROM shop.t ORDER BY k DESC LIMIT 1");
    Run();
    EXPECT_EQ(Table("shop.t").different, 1u);
    EXPECT_EQ(Table("shop.t").undecided, 0u) << ::testing::PrintToString(Table("shop.t").reasons);
  }
}

TEST_F(RunTest, KeysOfSeveralColumns) {
  OnBoth(
      "CREATE TABLE shop.t (a INT, b VARCHAR(9), c INT, v INT, PRIMARY KEY (b, a DESC, c)); "
      "INSERT INTO shop.t SELECT x.i, y.t, z.i, 1 FROM (SELECT 1 i UNION SELECT 2 UNION SELECT "
      "3) x, (SELECT 'p' t UNION SELECT 'q' UNION SELECT '') y, (SELECT 5 i UNION SELECT 6) z");
  for (const size_t rows : {1u, 2u, 5u, 17u, 18u, 19u}) {
    options_.scan.chunk = {.first = rows, .min = rows, .max = rows};
    ExpectEqual();
    EXPECT_EQ(Table("shop.t").rows, 18u);
  }
  OnTarget(
      "UPDATE shop.t SET v = 2 WHERE a = 2 AND b = 'q' AND c = 6; "
      "DELETE FROM shop.t WHERE a = 1 AND b = ''");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[\"q\",2,6]", "missing shop.t[\"\",1,5]",
                                           "missing shop.t[\"\",1,6]"));
}

TEST_F(RunTest, AUniqueKeyWithoutNullDoesToo) {
  OnBoth(
      "SET SESSION sql_generate_invisible_primary_key = 0; CREATE TABLE shop.t (n INT, u INT "
      "NOT NULL, UNIQUE (n), UNIQUE u (u)); INSERT INTO shop.t VALUES (NULL, 1), (NULL, 2)");
  OnTarget("UPDATE shop.t SET n = 7 WHERE u = 2");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[2]"));
}

TEST_F(RunTest, WithoutAKeyOnlySmallTablesAreCompared) {
  OnBoth(
      "SET SESSION sql_generate_invisible_primary_key = 0; CREATE TABLE shop.t (n INT, UNIQUE "
      "(n)); INSERT INTO shop.t VALUES (NULL), (NULL), (3)");
  options_.unpaged_rows = 3;
  ExpectEqual();
  options_.unpaged_rows = 2;
  Run();
  EXPECT_THAT(Table("shop.t").skipped, HasSubstr("more than 2 rows"));
  EXPECT_THAT(Table("shop.t").skipped, HasSubstr("raise unpaged_rows"));
}

TEST_F(RunTest, WhatCannotBeComparedIsNamed) {
  OnEach(
      "CREATE TABLE shop.gone (id INT PRIMARY KEY); "
      "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT, only_source INT, x INT); "
      "INSERT INTO shop.t VALUES (1, 2, 3, 4); CREATE VIEW shop.w AS SELECT 1",
      "CREATE TABLE shop.more (id INT PRIMARY KEY); "
      "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT, only_target INT, x VARCHAR(9)); "
      "INSERT INTO shop.t VALUES (1, 2, 5, 'y')");
  options_.tables.push_back({{"shop.w", "", {}}, ""});
  options_.tables.push_back({{"other.*", "", {}}, ""});
  std::swap(options_.tables[0], options_.tables[1]);
  Run();
  EXPECT_THAT(events_.Found(), IsEmpty());
  EXPECT_THAT(Table("shop.gone").skipped, HasSubstr("the target has no such table"));
  EXPECT_THAT(Table("shop.more").skipped, HasSubstr("only the target has this table"));
  EXPECT_NE(Table("shop.w").skipped, "");
  EXPECT_THAT(Table("other.*").skipped, HasSubstr("the source has no table other.*"));
  EXPECT_THAT(Table("shop.t").schema_differences,
              ElementsAre(HasSubstr("only_source"), HasSubstr("column x is INT"),
                          HasSubstr("only_target")));
  ASSERT_OK(CompareJobSchemas(options_, events_));
  ASSERT_OK_AND_ASSIGN(const auto lines, ExplainVerification(options_));
  EXPECT_THAT(lines, Contains(HasSubstr("source: SELECT `id`, `a` FROM `shop`.`t` FORCE INDEX "
                                        "(`PRIMARY`) ORDER BY `id` LIMIT 1000")));
}

TEST_F(RunTest, AKeyThatTheTargetLacksIsASkippedTable) {
  OnEach("CREATE TABLE shop.t (id INT PRIMARY KEY, a INT)", "CREATE TABLE shop.t (a INT)");
  Run();
  EXPECT_THAT(Table("shop.t").skipped, HasSubstr("lacks the key column id"));
}

struct OtherKey {
  std::string source, target;  // definitions
  std::string said;            // empty: rows are told apart by the same columns
};

const OtherKey kOtherKeys[] = {
    {"(id INT PRIMARY KEY, v INT NOT NULL)", "(id INT, v INT, PRIMARY KEY (id, v))",
     "is (id) on the source and (id, v) on the target: rows are met by the source's"},
    {"(id INT PRIMARY KEY, v INT)", "(id INT, v INT)",
     "is (id) on the source and none on the target: rows are met by the source's"},
    {"(id INT NOT NULL UNIQUE, v INT)", "(id INT UNIQUE, v INT)",
     "is (id) on the source and none on the target: rows are met by the source's"},
    {"(id INT, v INT)", "(id INT PRIMARY KEY, v INT)",
     "is none on the source and (id) on the target: rows are counted by all their values"},
    {"(id INT, v INT, PRIMARY KEY (id, v))", "(id INT, v INT, PRIMARY KEY (v, id))", ""},
    {"(id INT PRIMARY KEY, v INT)", "(ID INT NOT NULL UNIQUE, v INT)", ""},
    // What a target that gathers shards often has.
    {"(id INT PRIMARY KEY, v INT)", "(id INT, v INT, no INT DEFAULT 1, PRIMARY KEY (no, id))", ""},
    {"(id INT PRIMARY KEY, v INT)",
     "(no INT AUTO_INCREMENT PRIMARY KEY, id INT NOT NULL UNIQUE, v INT)", ""},
};

TEST_F(RunTest, AnotherKeyIsASchemaDifferenceAndAllColumnsAreCompared) {
  options_.tables = {{{"shop.t", "", {"no"}}, ""}};
  OnEach("SET SESSION sql_generate_invisible_primary_key = 0",
         "SET SESSION sql_generate_invisible_primary_key = 0");
  for (const OtherKey& tested : kOtherKeys) {
    SCOPED_TRACE(tested.source + " and " + tested.target);
    const std::string rows = "; INSERT INTO shop.t (id, v) VALUES (1, 1), (2, ";
    OnEach("DROP TABLE IF EXISTS shop.t; CREATE TABLE shop.t " + tested.source + rows + "2)",
           "DROP TABLE IF EXISTS shop.t; CREATE TABLE shop.t " + tested.target + rows + "7)");
    std::vector<std::string> expected;
    if (!tested.said.empty()) expected.push_back("the key of shop.t " + tested.said);
    Run();
    EXPECT_THAT(events_.Found(), Not(IsEmpty()));
    EXPECT_EQ(Table("shop.t").schema_differences, expected);
    EXPECT_TRUE(Table("shop.t").all_columns);
    events_.tables.clear();
    ASSERT_OK(CompareJobSchemas(options_, events_));
    EXPECT_EQ(Table("shop.t").schema_differences, expected);
    ASSERT_OK_AND_ASSIGN(const auto lines, ExplainVerification(options_));
    for (const std::string& line : expected) EXPECT_THAT(lines, Contains("shop.t: " + line));
  }
}

TEST_F(RunTest, ManyTablesIntoOneAndConditions) {
  OnEach(
      "CREATE TABLE shop.order_a (id INT PRIMARY KEY, r CHAR(2), noise INT); "
      "CREATE TABLE shop.order_b LIKE shop.order_a; INSERT INTO shop.order_a VALUES "
      "(1, 'eu', 1), (3, 'eu', 1), (5, 'us', 1); INSERT INTO shop.order_b VALUES (2, 'eu', 1), "
      "(4, 'eu', 1)",
      "CREATE TABLE shop.orders (id INT PRIMARY KEY, r CHAR(2), noise INT); INSERT INTO "
      "shop.orders VALUES (1, 'eu', 2), (2, 'eu', 2), (3, 'us', 2), (4, 'eu', 2)");
  options_.tables = {{{"shop.order_*", "shop.orders", {"noise"}}, "r = 'eu'"}};
  options_.scan.chunk = {.first = 2, .max = 2};
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("missing shop.orders[3]"));
  EXPECT_EQ(Table("shop.orders").rows, 4u);
}

// Shards whose columns have other names than the target's; one of them two that are exchanged.
TEST_F(RunTest, ColumnsMayHaveOtherNamesOnTheTarget) {
  OnSourceOnly(
      "CREATE TABLE shop.order_a (no INT PRIMARY KEY, cust INT, r CHAR(2), noise INT); "
      "CREATE TABLE shop.order_b (id INT PRIMARY KEY, x INT, customer CHAR(2), n INT); "
      "INSERT INTO shop.order_a VALUES (1, 10, 'eu', 1), (3, 30, 'eu', 1), (5, 1, 'us', 1); "
      "INSERT INTO shop.order_b VALUES (2, 20, 'eu', 1), (4, 40, 'eu', 1)");
  OnTarget(
      "CREATE TABLE shop.orders (id INT PRIMARY KEY, customer INT, x CHAR(2), noise INT); "
      "INSERT INTO shop.orders VALUES (1, 10, 'eu', 2), (2, 21, 'eu', 2), (4, 40, 'eu', 2), "
      "(6, 1, 'us', 2)");
  options_.tables = {{{"shop.order_a", "shop.orders", {"noise"}},
                      "r = 'eu'",
                      "x = 'eu'",
                      {{"NO", "id"}, {"cust", "customer"}, {"r", "x"}}},
                     {{"shop.order_b", "shop.orders", {}},
                      "customer = 'eu'",
                      "x = 'eu'",
                      {{"x", "customer"}, {"customer", "x"}, {"n", "noise"}}}};
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.orders[2]", "missing shop.orders[3]"));
  EXPECT_THAT(events_.differences[0].columns, ElementsAre("customer"));
  EXPECT_THAT(Table("shop.orders").schema_differences, IsEmpty());
  EXPECT_EQ(Table("shop.orders").rows, 4u);

  options_.tables[0].columns.push_back({"gone", "noise"});
  Run();
  EXPECT_THAT(Table("shop.orders").skipped, HasSubstr("names gone, which shop.order_a"));
  options_.tables[0].columns.back() = {"noise", "customer"};
  Run();
  EXPECT_THAT(Table("shop.orders").skipped,
              HasSubstr("two columns of shop.order_a on the source would be customer"));
}

TEST_F(RunTest, TheKindsOfSync) {
  Fill(10);
  OnTarget("DELETE FROM shop.t WHERE id = 1");
  for (const auto& [kind, name] : std::vector<std::pair<SyncKind, std::string>>{
           {SyncKind::kBarrier, "barrier"}, {SyncKind::kGtid, "gtid"}, {SyncKind::kNone, "none"}}) {
    options_.sync.kind = kind;
    Run();
    EXPECT_EQ(events_.sync, name);
    EXPECT_THAT(events_.Found(), ElementsAre("missing shop.t[1]"));
  }
}

TEST_F(RunTest, WithoutBarriersGtidsAreTaken) {
  Fill(10);
  OnSource(
      "CREATE USER reader IDENTIFIED BY 'r'; GRANT SELECT, REPLICATION CLIENT ON *.* TO reader");
  ASSERT_OK(pair().WaitForReplica());
  options_.source.user = options_.target.user = "reader";
  options_.source.password = options_.target.password = "r";
  options_.sync.timeout = absl::Milliseconds(300);
  ExpectEqual();
  EXPECT_EQ(events_.sync, "gtid");
  EXPECT_THAT(events_.warnings, ElementsAre(HasSubstr("sync = barrier cannot be used")));
}

TEST_F(RunTest, AStoppedReplicationDecidesNothing) {
  Fill(10);
  ASSERT_OK(pair().StopReplication());
  OnSource("UPDATE shop.t SET v = 0 WHERE id = 3");
  options_.sync.timeout = absl::Milliseconds(500);
  Run();
  EXPECT_EQ(events_.sync, "gtid");
  EXPECT_THAT(events_.Found(), IsEmpty());
  EXPECT_EQ(Table("shop.t").undecided, 1u);
  EXPECT_THAT(Table("shop.t").reasons, ElementsAre(HasSubstr("replication is stopped or lags")));
}

TEST_F(RunTest, AReadThatIsNotAnsweredIsUndecided) {
  Fill(1000);
  options_.statement_timeout = absl::Seconds(1);
  options_.scan.tries = 1;
  ASSERT_OK_AND_ASSIGN(const auto session, pair().replica().Connect());
  ASSERT_OK(session->Execute("LOCK TABLES shop.t WRITE"));
  Run();
  EXPECT_THAT(events_.Found(), IsEmpty());
  EXPECT_GE(Table("shop.t").undecided, 1u);
}

TEST_F(RunTest, AServerThatIsNotThereIsAnError) {
  options_.target.port = 1;
  EXPECT_THAT(TryRun(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(events_.tables, IsEmpty());
}

TEST_F(RunTest, TablesInParallelAreEachReportedOnce) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    OnBoth(absl::StrCat("CREATE TABLE shop.", name, " (id INT PRIMARY KEY); INSERT INTO shop.",
                        name, " VALUES (1), (2)"));
    OnTarget(absl::StrCat("DELETE FROM shop.", name, " WHERE id = 2"));
  }
  options_.parallel = 3;
  Run();
  EXPECT_THAT(events_.tables, SizeIs(5));
  EXPECT_THAT(events_.Found(),
              ElementsAre("missing shop.a[2]", "missing shop.b[2]", "missing shop.c[2]",
                          "missing shop.d[2]", "missing shop.e[2]"));
}

}  // namespace
}  // namespace dcp::verifier
