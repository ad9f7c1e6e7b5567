#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "tests/servers/process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Value(MysqlServer& server, const std::string& sql) {
  auto value = server.QueryValue(sql);
  return value.ok() ? *value : value.status().ToString();
}

std::string ParameterName(const ::testing::TestParamInfo<Flavour>& tested) {
  return NameOf(tested.param);
}

class ServersTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam()))); }

  ReplicaPair& pair() { return *pair_; }
  MysqlServer& source() { return pair_->source(); }
  MysqlServer& replica() { return pair_->replica(); }

 private:
  ReplicaPair* pair_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(, ServersTest, ::testing::ValuesIn(kAllFlavours), ParameterName);

TEST_P(ServersTest, QueryGivesTextAndNull) {
  ASSERT_OK_AND_ASSIGN(const Rows rows,
                       source().Query("SELECT 1, NULL, 'a''b' UNION SELECT 2, 3, ''"));
  EXPECT_THAT(rows, ElementsAre(Row{"1", std::nullopt, "a'b"}, Row{"2", "3", ""}));
}

TEST_P(ServersTest, SeveralStatementsRunUntilTheFirstError) {
  EXPECT_THAT(source().Execute("CREATE DATABASE a; SELECT 1; nonsense; CREATE DATABASE b"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("(1064)")));
  EXPECT_EQ(Value(source(),
                  "SELECT COUNT(*) FROM information_schema.schemata "
                  "WHERE schema_name IN ('a', 'b')"),
            "1");
}

TEST_P(ServersTest, QuotedTextComesBackAsItWas) {
  const std::string text = "it's a \\ \"quote\"\n";
  EXPECT_EQ(Value(source(), "SELECT " + Quoted(text)), text);
}

TEST_P(ServersTest, RowsReachTheReplicaUnderTheSourcesGtids) {
  ASSERT_OK(
      source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT);"
                       "INSERT INTO shop.t VALUES (1, 'x'), (2, NULL)"));
  ASSERT_OK(pair().WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const Rows rows, replica().Query("SELECT * FROM shop.t ORDER BY id"));
  EXPECT_THAT(rows, ElementsAre(Row{"1", "x"}, Row{"2", std::nullopt}));
  const std::string gtids = Value(source(), source().words().executed_gtids);
  EXPECT_THAT(gtids, AnyOf("0-101-3", Value(source(), "SELECT @@GLOBAL.server_uuid") + ":1-3"));
  EXPECT_EQ(Value(replica(), replica().words().executed_gtids), gtids);
}

TEST_P(ServersTest, AStoppedReplicaIsLateAndCatchesUp) {
  ASSERT_OK(pair().StopReplication());
  ASSERT_OK(source().Execute("CREATE DATABASE shop"));
  EXPECT_THAT(pair().WaitForReplica(absl::Milliseconds(300)),
              HasCode(absl::StatusCode::kDeadlineExceeded));
  ASSERT_OK(pair().StartReplication());
  EXPECT_OK(pair().WaitForReplica());
}

TEST_P(ServersTest, AReplicationErrorIsToldAtOnce) {
  ASSERT_OK(source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)"));
  ASSERT_OK(pair().WaitForReplica());
  ASSERT_OK(
      replica().Execute("SET sql_log_bin = 0; INSERT INTO shop.t VALUES (1); SET sql_log_bin = 1"));
  ASSERT_OK(source().Execute("INSERT INTO shop.t VALUES (1)"));
  EXPECT_THAT(pair().WaitForReplica(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("shop")));
}

TEST_P(ServersTest, ResetLeavesNothingOfATest) {
  ASSERT_OK(
      source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                       "SET GLOBAL binlog_row_image = MINIMAL; SET GLOBAL max_connections = 50;"
                       "XA START 'x', 'y', 7; INSERT INTO shop.t VALUES (1);"
                       "XA END 'x', 'y', 7; XA PREPARE 'x', 'y', 7"));
  ASSERT_OK(replica().Execute("CREATE DATABASE of_its_own"));
  source().Kill();
  ASSERT_OK(replica().Stop());

  ASSERT_OK(pair().Reset());

  for (MysqlServer* server : {&source(), &replica()}) {
    EXPECT_EQ(Value(*server,
                    "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name NOT IN "
                    "('mysql', 'sys', 'performance_schema', 'information_schema')"),
              "0");
    EXPECT_EQ(Value(*server, server->words().executed_gtids), "");
    EXPECT_EQ(Value(*server, "SELECT @@GLOBAL.binlog_row_image"), "FULL");
    EXPECT_EQ(Value(*server, "SELECT @@GLOBAL.max_connections"), "60");
    ASSERT_OK_AND_ASSIGN(const Rows prepared, server->Query("XA RECOVER"));
    EXPECT_THAT(prepared, IsEmpty());
  }
  ASSERT_OK(source().Execute("CREATE DATABASE shop"));
  EXPECT_OK(pair().WaitForReplica());
}

TEST_P(ServersTest, ARestartKeepsPortAndDataAndTakesArguments) {
  const uint16_t port = source().port();
  ASSERT_OK(source().Execute("CREATE DATABASE shop"));
  // A replica of MySQL 5.6 gives up where the source ends while it says who it is.
  ASSERT_OK(pair().StopReplication());
  ASSERT_OK(source().Restart({"--binlog-row-image=NOBLOB"}));
  ASSERT_OK(pair().StartReplication());
  EXPECT_EQ(Value(source(), "SELECT CONCAT(@@port, ' ', @@binlog_row_image)"),
            absl::StrCat(port, " NOBLOB"));
  EXPECT_OK(source().Execute("USE shop"));
  EXPECT_OK(pair().WaitForReplica());
}

TEST_P(ServersTest, AKilledReplicaComesBackAndCatchesUp) {
  ASSERT_OK(source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)"));
  ASSERT_OK(pair().WaitForReplica());
  replica().Kill();
  ASSERT_OK(source().Execute("INSERT INTO shop.t VALUES (1)"));
  ASSERT_OK(replica().Restart());
  ASSERT_OK(pair().WaitForReplica());
  EXPECT_EQ(Value(replica(), "SELECT COUNT(*) FROM shop.t"), "1");
}

TEST_P(ServersTest, ResetTakesBackTheArgumentsOfARestart) {
  const std::string before = Value(replica(), "SELECT @@back_log");
  ASSERT_OK(replica().Restart({"--back-log=33"}));
  EXPECT_EQ(Value(replica(), "SELECT @@back_log"), "33");
  ASSERT_OK(pair().Reset());
  EXPECT_EQ(Value(replica(), "SELECT @@back_log"), before);
}

TEST_P(ServersTest, UserDcpMayReadEverythingAndWriteToDrcOnly) {
  ASSERT_OK(source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)"));
  ASSERT_OK_AND_ASSIGN(const auto session, Session::Open(source().socket(), "dcp", "dcp"));
  EXPECT_OK(
      session->Execute("SELECT * FROM shop.t; SHOW BINARY LOGS; CREATE DATABASE drc;"
                       "CREATE TABLE drc.t (id INT PRIMARY KEY); INSERT INTO drc.t VALUES (1)"));
  EXPECT_OK(session->Execute(source().words().binlog_position));
  EXPECT_OK(session->Execute(source().words().replica_errors));
  EXPECT_THAT(session->Execute("INSERT INTO shop.t VALUES (1)"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("denied")));
}

TEST_P(ServersTest, MysqlbinlogReadsTheBinlogFiles) {
  ASSERT_OK(source().Execute("CREATE DATABASE shop"));
  const std::string out = source().binlog_dir() + "/out";
  ASSERT_OK_AND_ASSIGN(
      Process reader,
      Process::Start({source().mysqlbinlog(), source().binlog_dir() + "/binlog.000001"}, out));
  while (reader.running()) Pause(absl::Milliseconds(5));
  EXPECT_EQ(reader.wait_status(), 0);
  std::ifstream in(out);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}),
              HasSubstr("CREATE DATABASE shop"));
}

TEST(MysqlServerTest, WithoutGtidTheBinlogHasAnonymousTransactions) {
  ASSERT_OK_AND_ASSIGN(const auto server, MysqlServer::Start({.name = "anonymous", .gtid = false}));
  ASSERT_OK(server->Execute("CREATE DATABASE shop"));
  EXPECT_THAT(server->QueryValue("SELECT @@GLOBAL.gtid_mode").value_or("?"), "OFF");
  EXPECT_THAT(server->QueryValue("SELECT @@GLOBAL.gtid_executed").value_or("?"), "");
}

TEST(MysqlServerTest, OnlyMariaDbHasGtidDomains) {
  EXPECT_THAT(MysqlServer::Start({.gtid_domain_id = 7}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no GTID domains")));
  ASSERT_OK_AND_ASSIGN(
      const auto server,
      MysqlServer::Start(
          {.flavour = Flavour::kMariaDb, .name = "domain", .server_id = 5, .gtid_domain_id = 7}));
  ASSERT_OK(server->Execute("CREATE DATABASE shop"));
  EXPECT_EQ(Value(*server, server->words().executed_gtids), "7-5-1");
}

TEST(MysqlServerTest, ItsDirectoryIsGoneAfterIt) {
  ASSERT_OK_AND_ASSIGN(auto server, MysqlServer::Start({.name = "brief"}));
  const std::string log = server->log_path();
  const pid_t pid = server->pid();
  ASSERT_TRUE(std::filesystem::exists(log));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(log).parent_path()));
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(MysqlServerTest, AServerThatDoesNotStartTellsTheEndOfItsLog) {
  EXPECT_THAT(
      MysqlServer::Start({.name = "wrong", .extra_args = {"--no-such-option=1"}}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("unknown variable 'no-such-option=1'")));
}

TEST(MysqlServerTest, ServersThatCannotBeHadAreAnErrorNotASkip) {
  const char* before = getenv("DCP_SERVER_CACHE");
  setenv("DCP_SERVER_CACHE", "/dev/null/nowhere", 1);
  EXPECT_THAT(MysqlServer::Start({}), StatusIs(absl::StatusCode::kUnavailable,
                                               HasSubstr("no MySQL 9.7 server to test with")));
  before != nullptr ? setenv("DCP_SERVER_CACHE", before, 1) : unsetenv("DCP_SERVER_CACHE");
}

TEST(ProcessTest, ADeadParentTakesItsChildWithIt) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    auto child = Process::Start({"/bin/sleep", "1000"}, "/dev/null");
    const pid_t pid = child.ok() ? child->pid() : -1;
    [[maybe_unused]] const ssize_t written = write(pipe_ends[1], &pid, sizeof pid);
    kill(getpid(), SIGKILL);
  }
  pid_t child = -1;
  ASSERT_EQ(read(pipe_ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  ASSERT_GT(child, 0);

  // Whoever adopts the child may leave it as a zombie.
  const auto alive = [child] {
    std::ifstream stat(absl::StrCat("/proc/", child, "/stat"));
    std::string line;
    return std::getline(stat, line) && line.find(") Z ") == std::string::npos;
  };
  const absl::Duration start = Clock::Real().Monotonic();
  while (alive() && Clock::Real().Monotonic() - start < absl::Seconds(10))
    Pause(absl::Milliseconds(5));
  EXPECT_FALSE(alive());
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

}  // namespace
}  // namespace dcp::test
