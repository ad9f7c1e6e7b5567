// The whole path once: two live servers, one difference, one alarm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"

namespace dcp::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(SmokeTest, WriteBehindReplicationsBackIsFoundAndResolved) {
  ASSERT_OK(SharedServers::Reset());
  ReplicaPair& pair = SharedServers::Pair();
  ASSERT_OK(pair.source().Execute("CREATE DATABASE shop"));
  ASSERT_OK(pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v TEXT)"));
  ASSERT_OK(pair.WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const auto dcp,
                       DcpProcess::Start(LivePairToml(pair.source(), pair.replica())));
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK_AND_ASSIGN(const ProgramResult second,
                       RunDcp({"run", "--config", dcp->dir() / "dcp.toml"}));
  EXPECT_EQ(second.exit_code, 78);
  EXPECT_THAT(second.output, HasSubstr(absl::StrCat("is held by process ", dcp->pid())));

  ASSERT_OK(pair.source().Execute("INSERT INTO shop.orders VALUES (1, 'a')"));
  ASSERT_OK(dcp->AwaitJudged(pair.source(), "orders"));
  ASSERT_OK(pair.replica().Execute("UPDATE shop.orders SET v = 'x'"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, dcp->Await(DiffOf("mismatch", "shop.orders", "[1]")));
  EXPECT_EQ(diff["diff_count"], 1);

  ASSERT_OK(pair.replica().Execute("UPDATE shop.orders SET v = 'a'"));
  ASSERT_OK_AND_ASSIGN(const Alarm resolved, dcp->Await(OfType("resolved")));
  EXPECT_EQ(resolved["resolves"], Alarm::array({diff["id"]}));
  ASSERT_OK_AND_ASSIGN(const int status, dcp->Stop());
  EXPECT_EQ(status, 0);
}

// What stands behind the head of an answer.
std::string BodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

// The alarm of that type in a log of JSON, all of whose lines have to be objects.
Alarm LoggedAlarm(const std::string& log, const std::string& type) {
  Alarm found;
  for (absl::string_view line : absl::StrSplit(log.substr(0, log.rfind('\n')), '\n')) {
    const Alarm json = Alarm::parse(line.begin(), line.end(), nullptr, false);
    EXPECT_TRUE(json.is_object() && json.contains("level") && json.contains("text")) << line;
    if (json.contains("alarm") && json["alarm"]["type"] == type) found = json["alarm"];
  }
  return found;
}

TEST(HttpTest, SaysWhatIsGoingOn) {
  ASSERT_OK(SharedServers::Reset());
  ReplicaPair& pair = SharedServers::Pair();
  ASSERT_OK(pair.source().Execute("CREATE DATABASE shop"));
  ASSERT_OK(pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v TEXT)"));
  ASSERT_OK(pair.WaitForReplica());
  const std::string address = FreeAddress();
  ASSERT_OK_AND_ASSIGN(const auto dcp,
                       DcpProcess::Start(absl::StrCat(
                           LivePairToml(pair.source(), pair.replica()), "[http]\nlisten = \"",
                           address, "\"\n[[alarm]]\ntype = \"log\"\n[log]\nformat = \"json\"\n")));
  uint32_t port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(address.substr(address.find(':') + 1), &port));
  const auto get = [port](const std::string& path) {
    return HttpGet(static_cast<uint16_t>(port), path);
  };
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(Eventually([&] { return absl::StartsWith(get("/readyz"), "HTTP/1.1 200 OK"); }));
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK(pair.replica().Execute("INSERT INTO shop.orders VALUES (1, 'x')"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, dcp->Await(OfType("diff")));
  EXPECT_TRUE(Eventually([&] { return LoggedAlarm(dcp->log(), "diff") == diff; })) << dcp->log();
  EXPECT_TRUE(Eventually(
      [&] { return Alarm::parse(BodyOf(get("/status")))["checks"][0]["open_findings"] == 1; }));

  const Alarm status = Alarm::parse(BodyOf(get("/status")));
  EXPECT_EQ(status["checks"][0]["check"], "orders");
  EXPECT_EQ(status["checks"][0]["diff"], 1);
  EXPECT_GT(status["checks"][0]["verified_barrier"], 0);
  EXPECT_EQ(status["collectors"].size(), 2);
  EXPECT_GT(status["barriers"][0]["written"], 0);
  EXPECT_TRUE(status["state"]["writable"].get<bool>());
  const std::string metrics = BodyOf(get("/metrics"));
  EXPECT_THAT(metrics, HasSubstr("dcp_check_open_findings{check=\"orders\",target=\"dst\"} 1\n"));
  WriteFile(dcp->dir() / "metrics", metrics);
  ASSERT_OK_AND_ASSIGN(Process promtool,
                       Process::Start({"/bin/sh", "-c", "exec promtool check metrics <\"$0\"",
                                       dcp->dir() / "metrics"},
                                      dcp->dir() / "promtool"));
  EXPECT_TRUE(Eventually([&] { return !promtool.running(); }));
  EXPECT_EQ(promtool.wait_status(), 0) << ReadFile(dcp->dir() / "promtool");
  ASSERT_OK_AND_ASSIGN(const int exit_status, dcp->Stop());
  EXPECT_EQ(exit_status, 0);
}

// Ends the streams that are read from the server; their readers come again.
void EndStreams(MysqlServer& server) {
  ASSERT_OK_AND_ASSIGN(const Rows streams, server.Query(server.words().binlog_dumps));
  for (const Row& stream : streams) ASSERT_OK(server.Execute("KILL " + stream[0].value_or("0")));
}

TEST(SettingsTest, WhatBecameWrongIsSaidWhenAStreamBeginsAnew) {
  ASSERT_OK(SharedServers::Reset());
  ReplicaPair& pair = SharedServers::Pair();
  ASSERT_OK(pair.source().Execute("CREATE DATABASE shop"));
  ASSERT_OK(pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v TEXT)"));
  ASSERT_OK(pair.WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const auto dcp,
                       DcpProcess::Start(LivePairToml(pair.source(), pair.replica())));
  ASSERT_OK(dcp->Await(OfType("same")));
  EXPECT_THAT(dcp->log(), Not(HasSubstr("binlog_row_image")));
  ASSERT_OK(pair.source().Execute("SET GLOBAL binlog_row_image = 'MINIMAL'"));
  ASSERT_NO_FATAL_FAILURE(EndStreams(pair.source()));
  EXPECT_TRUE(Eventually([&] {
    return ::testing::Value(
        dcp->log(), AllOf(HasSubstr("collector source: "), HasSubstr("binlog_row_image is MINIMAL"),
                          HasSubstr("fix: SET PERSIST binlog_row_image = 'FULL'")));
  })) << dcp->log();
  ASSERT_OK(dcp->AwaitJudged(pair.source(), "orders"));
}

// Holds up the writer of barriers.
std::unique_ptr<Session> LockBarrier(MysqlServer& server) {
  auto session = server.Connect();
  EXPECT_OK(session.status());
  EXPECT_OK((*session)->Execute("LOCK TABLES drc.barrier READ"));
  return *std::move(session);
}

TEST(SilentSourceTest, ASourceWithoutBarriersIsSaidAndResolved) {
  ASSERT_OK(SharedServers::Reset());
  ReplicaPair& pair = SharedServers::Pair();
  ASSERT_OK(pair.source().Execute("CREATE DATABASE shop; CREATE DATABASE drc"));
  ASSERT_OK(pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v TEXT)"));
  ASSERT_OK(pair.source().Execute(
      "CREATE TABLE drc.barrier (id int unsigned primary key auto_increment, `offset` bigint "
      "unsigned not null, ts timestamp default current_timestamp on update current_timestamp)"));
  ASSERT_OK(pair.WaitForReplica());
  auto locked = LockBarrier(pair.source());
  ASSERT_OK_AND_ASSIGN(const auto dcp, DcpProcess::Start(LivePairToml(pair.source(), pair.replica(),
                                                                      "timeout = \"1s\"\n")));
  ASSERT_OK_AND_ASSIGN(const Alarm never, dcp->Await(OfType("timeout")));
  EXPECT_EQ(never["side"], "source");
  EXPECT_EQ(never["last_barrier"], 0);
  locked.reset();
  ASSERT_OK_AND_ASSIGN(const Alarm resolved, dcp->Await(OfType("resolved")));
  EXPECT_EQ(resolved["resolves"], Alarm::array({never["id"]}));
  ASSERT_OK(dcp->Await(OfType("same")));

  locked = LockBarrier(pair.source());
  const size_t so_far = dcp->alarms().size();
  int row = 0;
  const auto said = [&] {
    EXPECT_OK(
        pair.source().Execute(absl::StrCat("INSERT INTO shop.orders VALUES (", ++row, ",1)")));
    return dcp->Await(OfType("timeout"), so_far, absl::Milliseconds(200)).ok();
  };
  ASSERT_TRUE(Eventually(said));
  ASSERT_OK_AND_ASSIGN(const Alarm stopped, dcp->Await(OfType("timeout"), so_far));
  EXPECT_THAT(stopped["detail"].get<std::string>(), HasSubstr("data but no barrier"));
  locked.reset();
  ASSERT_OK(dcp->Await(OfType("resolved"), so_far));
  ASSERT_OK(dcp->AwaitJudged(pair.source(), "orders"));
  for (const Alarm& alarm : dcp->alarms()) EXPECT_NE(alarm["type"], "diff") << alarm;
}

}  // namespace
}  // namespace dcp::test
