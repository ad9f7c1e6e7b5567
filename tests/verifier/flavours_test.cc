// The same on every flavour of server.
#include "absl/strings/str_cat.h"
#include "tests/verifier/every_type.h"
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;

class FlavourTest : public VerificationTest, public ::testing::WithParamInterface<test::Flavour> {
 protected:
  FlavourTest() : VerificationTest(test::PairOf(GetParam())) {}
};

TEST_P(FlavourTest, EveryTypeEqualAndDifferent) {
  OnBoth(absl::StrCat(kTypes, "utf8mb4"));
  OnBoth(kRows);
  options_.scan.chunk = {.first = 1, .max = 1};
  ExpectEqual();
  EXPECT_EQ(events_.sync, "barrier");
  OnTarget(
      "UPDATE shop.t SET x = x'02' WHERE a = 1; DELETE FROM shop.t WHERE a = 3; "
      "INSERT INTO shop.t (a, b) VALUES (7, 'a')");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.t[\"a\",7]", "mismatch shop.t[\"a\",1]",
                                           "missing shop.t[\"b\",3]"));
  EXPECT_THAT(events_.differences,
              ::testing::Contains(::testing::Field(&Difference::columns, ElementsAre("x"))));
}

// Each of them is the same value in another column; two rows are the same bytes.
TEST_P(FlavourTest, BytesAreComparedIfAskedFor) {
  OnEach(
      "CREATE TABLE shop.t (id VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, v VARCHAR(9) CHARACTER "
      "SET latin1, n DECIMAL(9,1), e ENUM('a','b'), b BINARY(2), f FLOAT, t DATETIME); INSERT INTO "
      "shop.t VALUES ('same', 'a', 1, 'a', 'bb', 0.5, '2026-01-02'), ('n', NULL, NULL, NULL, NULL, "
      "NULL, NULL), ('v', '\xc3\xbc', 1, 'a', 'bb', 0.5, '2026-01-02'), ('\xc3\xbc', '', 1, 'a', "
      "'bb', 0.5, '2026-01-02'), ('e', '', 1, 'b', 'bb', 0.5, '2026-01-02'), ('b', '', 1, 'a', "
      "'b', "
      "0.5, '2026-01-02')",
      "CREATE TABLE shop.t (id VARCHAR(9) CHARACTER SET utf8 PRIMARY KEY, v TEXT CHARACTER SET "
      "utf8, n DECIMAL(20,1), e ENUM('a','x','b'), b BINARY(3), f DOUBLE, t DATETIME); INSERT INTO "
      "shop.t VALUES ('same', 'a', 1, 'a', 'bb', 0.5, '2026-01-02'), ('n', NULL, NULL, NULL, NULL, "
      "NULL, NULL), ('v', '\xc3\xbc', 1, 'a', 'bb', 0.5, '2026-01-02'), ('\xc3\xbc', '', 1, 'a', "
      "'bb', 0.5, '2026-01-02'), ('e', '', 1, 'b', 'bb', 0.5, '2026-01-02'), ('b', '', 1, 'a', "
      "'b', "
      "0.5, '2026-01-02')");
  ExpectEqual();
  options_.bytes = true;
  options_.tables[0].rule.ignore_columns = {"b"};
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[\"e\"]", "mismatch shop.t[\"v\"]",
                                           "mismatch shop.t[\"\xc3\xbc\"]"));
  EXPECT_EQ(events_.differences[0].columns, std::vector<std::string>{"e"});
  EXPECT_EQ(events_.differences[0].source, R"(["e","","1.0","2","0.5","2026-01-02 00:00:00"])");
  options_.tables[0].rule.ignore_columns = {};
  Run();
  EXPECT_EQ(Table("shop.t").different, 5u);  // the padding of `b`, of all but NULL
  EXPECT_EQ(Table("shop.t").undecided, 0u);
}

// A server may have no way to give the bytes of such a value: it is never taken for equal.
TEST_P(FlavourTest, BytesThatAServerCannotGiveAreNotEqual) {
  for (test::MysqlServer* const server : {&pair().source(), &pair().replica()}) {
    const char* const letter = server == &pair().source() ? "a" : "b";
    const auto session = server->Connect();
    ASSERT_OK(session);
    ASSERT_OK((*session)->Execute(absl::StrCat(
        "SET sql_log_bin = 0; CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE shop.t (id INT "
        "PRIMARY KEY, v LONGTEXT); INSERT INTO shop.t VALUES (1, REPEAT('",
        letter, "', 200000)), (2, NULL); SET GLOBAL max_allowed_packet = 65536")));
  }
  options_.bytes = true;
  Run();
  EXPECT_GE(Table("shop.t").different + Table("shop.t").undecided, 1u);
}

TEST_P(FlavourTest, GtidsAreAPointToo) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1), (2)");
  OnTarget("DELETE FROM shop.t WHERE id = 2");
  options_.sync.kind = SyncKind::kGtid;
  const absl::Status run = TryRun();
  if (GetParam() == test::Flavour::kMysql56) {
    EXPECT_THAT(run, test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                    ::testing::HasSubstr("cannot wait for GTIDs")));
    return;
  }
  ASSERT_OK(run);
  EXPECT_THAT(events_.Found(), ElementsAre("missing shop.t[2]"));
}

INSTANTIATE_TEST_SUITE_P(, FlavourTest, ::testing::ValuesIn(test::kAllFlavours),
                         [](const auto& tested) { return test::NameOf(tested.param); });

}  // namespace
}  // namespace dcp::verifier
