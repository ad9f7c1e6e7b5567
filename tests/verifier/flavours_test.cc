// The same on every flavour of server, and across them.
#include <atomic>
#include <thread>

#include "absl/strings/str_join.h"
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTypes[] =
    "CREATE TABLE shop.t (a INT UNSIGNED, b VARCHAR(9), v VARCHAR(20), c CHAR(5), f FLOAT, d "
    "DOUBLE, "
    "n DECIMAL(20,6), dt DATETIME(3), ti TIME, y YEAR, x BINARY(4), y2 VARBINARY(9), e "
    "ENUM('q','p'), s SET('m','n'), bi BIT(12), PRIMARY KEY (b, a)) DEFAULT CHARSET=";
constexpr char kRows[] =
    "INSERT INTO shop.t VALUES "
    "(1, 'a', 'Gr\xc3\xbc\xc3\x9f', 'x', 0.1, 0.1, 1.5, '2026-01-02 03:04:05.5', '-10:00:00', "
    "2026, "
    "x'01', x'ff00', 'p', 'n,m', 5), "
    "(2, 'a', '', '', 16777216, 1e100, -0.000001, '1999-12-31', '838:59:59', 1999, '', '', 'q', "
    "'', "
    "4095), (4294967295, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL), (3, 'b', 'a,b', 'c', 3.4e38, 0.30000000000000004, 99999999999999, "
    "'2026-02-28 23:59:59.999', '00:00:00', 2000, x'ff', x'27', 'p', 'm', 0)";

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

TEST_P(FlavourTest, LiveWritesAreNoDifferences) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)");
  std::vector<std::string> values;
  for (int i = 1; i <= 5000; ++i) values.push_back(absl::StrCat("(", i, ",0)"));
  OnBoth("INSERT INTO shop.t VALUES " + absl::StrJoin(values, ","));
  OnTarget("UPDATE shop.t SET v = -1000000 WHERE id = 4444");
  ASSERT_OK_AND_ASSIGN(const auto session, pair().source().Connect());
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 1; !stop; i = i % 4000 + 1) {
      EXPECT_OK(session->Execute(absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", i)));
    }
  });
  options_.scan.chunk = {.first = 200, .max = 200};
  EXPECT_OK(TryRun());
  stop = true;
  writer.join();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[4444]"));
}

INSTANTIATE_TEST_SUITE_P(, FlavourTest,
                         ::testing::Values(test::Flavour::kMariaDb, test::Flavour::kMysql56),
                         [](const auto& tested) { return test::NameOf(tested.param); });

// Two servers that do not know each other, of two flavours.
class AcrossTest : public ::testing::TestWithParam<test::Flavour> {};

TEST_P(AcrossTest, ValuesAreComparedWhateverTheServer) {
  test::MysqlOptions options{.name = "other", .server_id = 301};
  options.flavour = GetParam();
  ASSERT_OK_AND_ASSIGN(const auto other, test::MysqlServer::Start(options));
  test::MysqlServer& first = test::SharedServers::Pair().source();
  ASSERT_OK(test::SharedServers::Reset());
  for (test::MysqlServer* server : {&first, other.get()}) {
    ASSERT_OK(server->Execute("CREATE DATABASE shop"));
    ASSERT_OK(server->Execute(absl::StrCat(kTypes, server == &first ? "utf8mb4" : "latin1")));
    ASSERT_OK(server->Execute(kRows));
  }
  VerificationOptions run;
  run.source = ConnectionTo(first);
  run.target = ConnectionTo(*other);
  run.tables = {{{"shop.*", "", {}}, ""}};
  run.scan.chunk = {.first = 1, .max = 1};
  CollectedEvents events;
  ASSERT_OK(RunVerification(run, Clock::Real(), VerificationTest::Wait, events));
  EXPECT_EQ(events.sync, "none");
  EXPECT_THAT(events.Found(), IsEmpty());
  ASSERT_OK(other->Execute("UPDATE shop.t SET d = 0.3 WHERE a = 3"));
  ASSERT_OK(RunVerification(run, Clock::Real(), VerificationTest::Wait, events));
  EXPECT_THAT(events.Found(), ElementsAre("mismatch shop.t[\"b\",3]"));
}

INSTANTIATE_TEST_SUITE_P(, AcrossTest,
                         ::testing::Values(test::Flavour::kMariaDb, test::Flavour::kMysql56),
                         [](const auto& tested) { return test::NameOf(tested.param); });

}  // namespace
}  // namespace dcp::verifier
