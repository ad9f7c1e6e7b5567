// Dual masters: two checks that look opposite ways, each with its barrier row. Each write is
// judged once, by the check of the server that wrote it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/config_toml.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTables[] =
    "CREATE DATABASE shop; CREATE DATABASE drc;"
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(20), n INT);"
    "CREATE TABLE shop.log (at INT, what VARCHAR(10), KEY (at));"
    "CREATE TABLE drc.barrier (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "`offset` BIGINT UNSIGNED NOT NULL DEFAULT 0, ts TIMESTAMP NOT NULL DEFAULT "
    "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);"
    "INSERT INTO drc.barrier (id, `offset`) VALUES (1, 100), (2, 100);"
    "INSERT INTO shop.orders VALUES (1, 'turn', 0), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)";

// With MariaDB each in a GTID domain of its own.
ReplicaPairOptions DualMasters(Flavour flavour) {
  ReplicaPairOptions options = PairOf(flavour);
  options.circular = true;
  const bool domains = WordsOf(flavour).gtid_domain != nullptr;
  options.source.gtid_domain_id = domains ? 1 : 0;
  options.replica.gtid_domain_id = domains ? 2 : 0;
  return options;
}

class CircularTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(SharedServers::Reset());
    Create();
  }
  void Create() {
    ASSERT_OK(east().Execute(kTables));
    ASSERT_OK(pair_->WaitForReplica());
  }
  void TearDown() override {
    if (!dcp_) return;
    ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
    EXPECT_EQ(status, 0) << dcp_->log();
  }

  MysqlServer& east() { return pair_->source(); }
  MysqlServer& west() { return pair_->replica(); }

  std::string Config(const std::string& check) {
    return absl::StrCat(
        BarrierToml(east(), 1), BarrierToml(west(), 2),
        CollectorToml("east", 4201, east(), {{"east-source"}, {"east-target"}}),
        CollectorToml("west", 4202, west(), {{"west-source"}, {"west-target"}}),
        CheckToml("to-west", "east-source", "west-target", "barrier_id = 1\n" + check),
        CheckToml("to-east", "west-source", "east-target", "barrier_id = 2\n" + check));
  }

  void Start() {
    auto dcp = DcpProcess::Start(Config("origin = \"source\"\n"));
    ASSERT_OK(dcp);
    dcp_ = std::move(dcp).value();
    for (const char* check : {"to-west", "to-east"}) {
      ASSERT_OK(dcp_->Await([check](const Alarm& alarm) { return alarm["check"] == check; }));
    }
  }

  // Everything that both masters have committed so far.
  void AwaitJudged() {
    ASSERT_OK(pair_->WaitForReplica());
    ASSERT_OK(pair_->WaitForSource());
    ASSERT_OK(dcp_->AwaitJudged(east(), "to-west", absl::Seconds(60), 1));
    ASSERT_OK(dcp_->AwaitJudged(west(), "to-east", absl::Seconds(60), 2));
  }

  // A transaction of `at`, in whose place the other side executes an empty one.
  void Lose(MysqlServer& at, MysqlServer& other, const std::string& sql) {
    AwaitJudged();
    ASSERT_OK(other.Execute("STOP REPLICA SQL_THREAD"));
    ASSERT_OK_AND_ASSIGN(const std::string uuid, at.QueryValue("SELECT @@GLOBAL.server_uuid"));
    const std::string name = absl::StrCat("SET gtid_next = '", uuid, ":lost:", ++lost_, "'; ");
    const std::string end = "; SET gtid_next = AUTOMATIC";
    ASSERT_OK(at.Execute(name + sql + end));
    ASSERT_OK(other.Execute(name + "BEGIN; COMMIT" + end));
    ASSERT_OK(other.Execute("START REPLICA SQL_THREAD"));
    AwaitJudged();
  }

  // Not in the binlog.
  static void Unlogged(MysqlServer& at, const std::string& sql) {
    ASSERT_OK(at.Execute("SET SESSION sql_log_bin = 0; " + sql + "; SET SESSION sql_log_bin = 1"));
  }

  // Both write rows of their own at the same time, and the same rows in turn.
  void WriteOnBothSides();

  ReplicaPair* pair_ = &SharedServers::Pair();
  std::unique_ptr<DcpProcess> dcp_;
  int lost_ = 0;
};

// Writes of rows `first`, `first + 1`, … that no other writer has, and of rows without a key.
absl::Status WriteOwnRows(MysqlServer& at, int first, int count) {
  DCP_ASSIGN_OR_RETURN(const auto session, at.Connect());
  DCP_RETURN_IF_ERROR(session->Execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  for (int i = 0; i < count; ++i) {
    const int id = first + i;
    DCP_RETURN_IF_ERROR(session->Execute(
        absl::StrCat("BEGIN; INSERT INTO shop.orders VALUES (", id, ", 'new', 0), (", id + 10000,
                     ", 'x', 1); UPDATE shop.orders SET n = n + 1 WHERE id BETWEEN ",
                     std::max(first, id - 5), " AND ", id, "; INSERT INTO shop.log VALUES (", first,
                     ", 'w'); COMMIT; ", "DELETE FROM shop.orders WHERE id = ", id + 10000,
                     "; DELETE FROM shop.log WHERE at = ", first, " LIMIT 1")));
  }
  return absl::OkStatus();
}

void CircularTest::WriteOnBothSides() {
  constexpr int kEach = 150;
  absl::Status west_status;
  std::thread writer([&] { west_status = WriteOwnRows(west(), 2000, kEach); });
  EXPECT_OK(WriteOwnRows(east(), 1000, kEach));
  writer.join();
  EXPECT_OK(west_status);
  for (int i = 0; i < 15; ++i) {  // the same rows, in turn
    ASSERT_OK(
        east().Execute("UPDATE shop.orders SET v = 'east', n = n + 1 WHERE id = 1; "
                       "INSERT INTO shop.orders VALUES (50, 'here', 1)"));
    ASSERT_OK(pair_->WaitForReplica());
    ASSERT_OK(
        west().Execute("UPDATE shop.orders SET v = 'west', n = n + 1 WHERE id = 1; "
                       "DELETE FROM shop.orders WHERE id = 50"));
    ASSERT_OK(pair_->WaitForSource());
  }
}

// ---- on each flavour ----

class FlavourCircularTest : public CircularTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(DualMasters(GetParam())));
    Create();
  }
};

INSTANTIATE_TEST_SUITE_P(, FlavourCircularTest,
                         ::testing::Values(Flavour::kMysql97, Flavour::kMariaDb),
                         [](const auto& flavour) { return NameOf(flavour.param); });

TEST_P(FlavourCircularTest, EachWriteIsJudgedOnceByTheCheckItBelongsTo) {
  Start();
  if (HasFatalFailure()) return;
  WriteOnBothSides();
  AwaitJudged();
  // A row whose update is at the same time another's in the log counts once for each.
  const Judgement to_west = ExpectOnlySame(*dcp_, "to-west");
  const Judgement to_east = ExpectOnlySame(*dcp_, "to-east");
  for (const Judgement& judgement : {to_west, to_east}) {
    EXPECT_EQ(judgement.source_rows, judgement.target_rows);
    EXPECT_GE(judgement.source_rows, 1000U);
    EXPECT_GE(judgement.verdicts, 2U);
  }
  EXPECT_EQ(to_west.source_rows, to_east.source_rows);  // each side wrote as much
}

TEST_P(FlavourCircularTest, WithoutOriginItIsRefused) {
  const TestDir dir("dcp-circular");
  WriteFile(dir / "dcp.toml", Config(""));
  for (const char* command : {"check-config", "run"}) {
    ASSERT_OK_AND_ASSIGN(const ProgramResult result,
                         RunDcp({command, "--config", dir / "dcp.toml"}));
    EXPECT_EQ(result.exit_code, 78) << result.output;
    EXPECT_THAT(result.output, HasSubstr("set origin = \"source\""));
  }
}

// ---- on MySQL ----

TEST_F(CircularTest, LostChangesAreFoundByTheCheckOfTheirServer) {
  Start();
  if (HasFatalFailure()) return;
  Lose(east(), west(), "INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Lose(west(), east(), "UPDATE shop.orders SET v = 'lost' WHERE id = 3");
  if (HasFatalFailure()) return;
  EXPECT_THAT(DifferencesOf(*dcp_, "to-west"), ElementsAre("missing shop.orders[42]"));
  EXPECT_THAT(DifferencesOf(*dcp_, "to-east"), ElementsAre("missing shop.orders[3]"));
}

// Seen when the east next writes the row: the west had another before it.
TEST_F(CircularTest, WriteThatIsInNoBinlogIsFoundByTheCheckOfTheNextWriter) {
  Start();
  if (HasFatalFailure()) return;
  AwaitJudged();
  Unlogged(west(), "UPDATE shop.orders SET v = 'own' WHERE id = 4");
  ASSERT_OK(east().Execute("UPDATE shop.orders SET n = n + 1 WHERE id = 4"));
  AwaitJudged();
  EXPECT_THAT(DifferencesOf(*dcp_, "to-west"),
              ElementsAre("healed shop.orders[4]", HasSubstr("resolved")));
  EXPECT_THAT(DifferencesOf(*dcp_, "to-east"), IsEmpty());
}

TEST_F(CircularTest, StatementsOnTablesBelongToTheirServer) {
  Start();
  if (HasFatalFailure()) return;
  ASSERT_OK(east().Execute("ALTER TABLE shop.orders ADD COLUMN e INT DEFAULT 1"));
  AwaitJudged();
  ASSERT_OK(west().Execute("TRUNCATE shop.log; ALTER TABLE shop.orders ADD COLUMN w INT"));
  AwaitJudged();
  EXPECT_THAT(DifferencesOf(*dcp_, "to-west"), IsEmpty());
  EXPECT_THAT(DifferencesOf(*dcp_, "to-east"), IsEmpty());
  Lose(west(), east(), "ALTER TABLE shop.log ADD INDEX (at)");
  EXPECT_THAT(DifferencesOf(*dcp_, "to-west"), IsEmpty());
  EXPECT_THAT(DifferencesOf(*dcp_, "to-east"), ElementsAre(R"(ddl shop.log["ddl"])"));
}

}  // namespace
}  // namespace dcp::test

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  dcp::test::ReplicaPairOptions options;
  options.circular = true;
  dcp::test::SharedServers::Register(options);
  return RUN_ALL_TESTS();
}
