// Statements in the binlog that changed data without rows: what they touch is not known, and
// that is said; never that the target has something of its own.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StatementsTest : public CheckedPair, public ::testing::WithParamInterface<Flavour> {
 protected:
  StatementsTest() : CheckedPair(GetParam()) {}

  // Other tables than those of `shop` are not checked.
  void SetUp() override {
    CheckedPair::SetUp();
    ASSERT_OK(
        source().Execute("CREATE DATABASE desk; CREATE TABLE desk.inbox (id INT PRIMARY KEY)"));
  }

  // On the source, logged as a statement; the replica logs the rows.
  void AsStatement(const std::string& sql) {
    ASSERT_OK_AND_ASSIGN(const auto session, source().Connect());
    ASSERT_OK(session->Execute("SET SESSION binlog_format = 'STATEMENT'"));
    ASSERT_OK(session->Execute(sql));
  }

  // The first segment is unverified for the statement, and then all is as ever.
  void ExpectUnverified(const std::string& sql) {
    Start();
    AsStatement(sql);
    Judge();
    OnSource("UPDATE shop.orders SET n = n + 1 WHERE id = 2");
    Judge();
    EXPECT_THAT(Said(), ElementsAre("unverified 200..201 statement", "same 201..202"));
    const auto alarm = dcp().Await(OfType("unverified"));
    ASSERT_OK(alarm);
    EXPECT_THAT((*alarm)["detail"].get<std::string>(), HasSubstr("binlog_format"));
  }
};

TEST_P(StatementsTest, TriggerOfATableThatIsNotChecked) {
  ASSERT_OK(
      source().Execute("CREATE TRIGGER desk.file AFTER INSERT ON desk.inbox FOR EACH ROW "
                       "INSERT INTO shop.orders VALUES (NEW.id, 'filed', 0)"));
  ExpectUnverified("INSERT INTO desk.inbox VALUES (42)");
}

TEST_P(StatementsTest, InsertSelect) {
  ExpectUnverified("INSERT INTO shop.orders SELECT id + 50, v, n FROM shop.orders WHERE id < 7");
}

TEST_P(StatementsTest, UpdateAndDelete) {
  ExpectUnverified(
      "UPDATE shop.orders SET v = 'all' WHERE id < 4; DELETE FROM shop.orders WHERE id = 3");
}

// With the events before it that carry its variables.
TEST_P(StatementsTest, InsertOfVariables) {
  ASSERT_OK(
      source().Execute("CREATE TABLE shop.counter (id INT AUTO_INCREMENT PRIMARY KEY, v DOUBLE)"));
  ExpectUnverified("SET @v = 4; INSERT INTO shop.counter (v) VALUES (@v + RAND())");
}

TEST_P(StatementsTest, LoadData) {
  const TestDir dir("dcp-load");
  WriteFile(dir / "rows.csv", "42\tx\t7\n43\ty\t8\n");
  ASSERT_OK(source().Execute("SET GLOBAL local_infile = ON"));
  ExpectUnverified(
      absl::StrCat("LOAD DATA LOCAL INFILE ", Quoted(dir / "rows.csv"), " INTO TABLE shop.orders"));
}

// A statement on the target alone: nobody knows what it wrote.
TEST_P(StatementsTest, OnTheTargetAlone) {
  Start();
  ASSERT_OK_AND_ASSIGN(const auto session, replica().Connect());
  ASSERT_OK(session->Execute(
      "SET SESSION binlog_format = 'STATEMENT'; INSERT INTO shop.orders VALUES (77, 'own', 0)"));
  Judge();
  EXPECT_THAT(Said(), ElementsAre("unverified 200..201 statement"));
}

TEST_P(StatementsTest, AlignedByBarriers) {
  Start({.check = "align = \"barrier\"\n", .lateness = 1});
  Barrier();
  Barrier();
  AsStatement("INSERT INTO shop.orders SELECT id + 50, v, n FROM shop.orders WHERE id < 7");
  Barrier();
  OnSource("UPDATE shop.orders SET n = n + 1 WHERE id = 2");
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "unverified 202..203 statement",
                                  "same 203..204"));
}

INSTANTIATE_TEST_SUITE_P(, StatementsTest, ::testing::ValuesIn(kAllFlavours),
                         [](const auto& flavour) { return NameOf(flavour.param); });

}  // namespace
}  // namespace dcp::test
