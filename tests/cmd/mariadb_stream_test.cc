// A collector on real MariaDB servers: what becomes a change there and on the replica, where a
// stream goes on after a break, and what a replica has executed without a trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cmd/dcp/binlog_opener.h"
#include "collector/mysql/mysql_collector.h"
#include "tests/collector/mysql/fake_server.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using collector::Eventually;
using collector::FakeSink;
using collector::MysqlCollector;
using collector::StartPoint;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Changes only: the same on a server and on its replica.
std::vector<std::string> Changes(const std::vector<std::string>& lines) {
  std::vector<std::string> changes;
  for (const std::string& line : lines) {
    if (!absl::StartsWith(line, "txn") && line != "open") changes.push_back(line);
  }
  return changes;
}

// Keeps what the servers are said to have executed.
class Sink final : public model::ChangeSink {
 public:
  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) override {
    return lines.Open(tag, std::move(origin));
  }
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) override {
    for (const model::Mark& mark : batch->marks) {
      if (mark.kind != model::Mark::Kind::kExecuted) continue;
      MutexLock lock(mu_);
      executed_.Add(mark.executed);
    }
    return lines.Append(tag, std::move(batch));
  }
  model::GtidSet executed() const {
    MutexLock lock(mu_);
    return executed_;
  }

  FakeSink lines;

 private:
  mutable Mutex mu_;
  model::GtidSet executed_ ABSL_GUARDED_BY(mu_);
};

class MariaDbStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        pair_, test::SharedServers::Fresh(test::PairOf(test::Flavour::kMariaDb, {.workers = 4})));
    Run("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(20))");
    ASSERT_OK(pair_->WaitForReplica());
  }
  void TearDown() override {
    for (auto& collector : collectors_) collector->Stop();
  }

  void Run(const std::string& sql) { ASSERT_OK(pair_->source().Execute(sql)); }

  void Start(test::MysqlServer& server, Sink* sink, StartPoint start = {}) {
    model::ConnectionOptions to;
    to.port = server.port();
    to.user = "dcp";
    to.password = "dcp";
    collector::MysqlCollectorOptions options;
    options.name = server.options().name;
    options.start = std::move(start);
    options.reconnect = {.first = absl::Milliseconds(20), .cap = absl::Milliseconds(50)};
    options.executed_watch = {.interval = absl::Milliseconds(50), .rest = absl::Milliseconds(200)};
    options.pause = absl::Milliseconds(50);
    collector::MysqlTag tag;
    tag.tag = model::Tag("src");
    tag.tables = {{"shop.*", "", {}}};
    options.groups.tags = {tag};
    options.groups.registry = &registry_;
    const auto opener =
        MakeBinlogOpener({.servers = {to},
                          .server_id = 4300 + server.options().server_id,
                          .wants = [](absl::string_view database, absl::string_view) {
                            return database == "shop";
                          }});
    auto collector = MysqlCollector::Create(std::move(options), opener, sink, &Clock::Real());
    ASSERT_OK(collector);
    collectors_.push_back(*std::move(collector));
    collectors_.back()->Start();
    ASSERT_TRUE(Eventually([&] { return collectors_.back()->status().connected; }));
  }

  static void AwaitLine(const Sink& sink, const std::string& part) {
    EXPECT_TRUE(Eventually([&] {
      for (const std::string& line : sink.lines.lines()) {
        if (absl::StrContains(line, part)) return true;
      }
      return false;
    })) << part;
  }

  test::ReplicaPair* pair_ = nullptr;
  model::TableRegistry registry_;
  Sink source_, replica_;  // outlive the collectors
  std::vector<std::unique_ptr<MysqlCollector>> collectors_;
};

TEST_F(MariaDbStreamTest, SourceAndReplicaShowTheSameChanges) {
  // Else only the catalog names the columns, of tables that are soon altered.
  for (test::MysqlServer* server : {&pair_->source(), &pair_->replica()}) {
    ASSERT_OK(server->Execute("SET GLOBAL binlog_row_metadata = FULL"));
  }
  Start(pair_->source(), &source_);
  Start(pair_->replica(), &replica_);
  Run(R"(USE shop;
    CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO m VALUES (1);
    BEGIN; INSERT INTO orders VALUES (1,'a'); SAVEPOINT s; INSERT INTO m VALUES (2);
    INSERT INTO orders VALUES (2,'gone'); ROLLBACK TO s; COMMIT;
    BEGIN; INSERT INTO orders VALUES (3,'gone'); INSERT INTO m VALUES (3); ROLLBACK;
    BEGIN; UPDATE orders, m SET orders.v='gone', m.id=4 WHERE m.id=1; ROLLBACK;
    XA START 'x'; INSERT INTO orders VALUES (5,'xa'); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x';
    XA START 'y'; INSERT INTO orders VALUES (6,'gone'); XA END 'y'; XA PREPARE 'y'; XA ROLLBACK 'y';
    CREATE TABLE c AS SELECT * FROM orders; CREATE SEQUENCE sq; SELECT NEXTVAL(sq);
    SET STATEMENT max_statement_time=9 FOR UPDATE orders SET v='b' WHERE id=1;
    SET STATEMENT max_statement_time=9 FOR ALTER TABLE c ADD x INT;
    CREATE OR REPLACE TABLE c (id INT PRIMARY KEY); TRUNCATE m;
    INSERT INTO orders VALUES (99,'end'))");
  AwaitLine(source_, "shop.orders[99]");
  AwaitLine(replica_, "shop.orders[99]");
  // Not before its rows were read: only the catalog tells that it is a sequence.
  Run("DROP SEQUENCE shop.sq; INSERT INTO shop.orders VALUES (100, 'end')");
  AwaitLine(source_, "shop.orders[100]");
  AwaitLine(replica_, "shop.orders[100]");
  const auto changes = Changes(source_.lines.lines());
  EXPECT_EQ(changes, Changes(replica_.lines.lines()));
  for (const std::string& line : changes) {
    EXPECT_FALSE(absl::StrContains(line, "gone\"") || absl::StrContains(line, "shop.sq")) << line;
  }
  EXPECT_GT(changes.size(), 8u);
}

TEST_F(MariaDbStreamTest, OriginTellsWhatStandsBeforeTheStream) {
  Run("INSERT INTO shop.orders VALUES (1,'before')");
  ASSERT_OK(pair_->WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const std::string before,
                       pair_->source().QueryValue("SELECT @@gtid_binlog_state"));
  Start(pair_->replica(), &replica_);
  ASSERT_EQ(replica_.lines.origins().size(), 1u);
  const model::StreamOrigin origin = replica_.lines.origins()[0];
  EXPECT_EQ(origin.executed, *model::GtidSet::Parse(before));
  EXPECT_TRUE(origin.has_gtids);
  EXPECT_EQ(origin.server_id, 102u);
  StartPoint start;
  start.kind = StartPoint::Kind::kPosition;
  start.position = {"binlog.000001", 4};
  Start(pair_->source(), &source_, start);
  AwaitLine(source_, "before");
  EXPECT_TRUE(source_.lines.origins()[0].executed.empty());
}

TEST_F(MariaDbStreamTest, ABrokenConnectionLosesAndRepeatsNothing) {
  Start(pair_->source(), &source_);
  for (int id = 1; id <= 20; ++id) {
    Run(absl::StrCat("INSERT INTO shop.orders VALUES (", id, ",'a')"));
    if (id % 5 != 0) continue;
    ASSERT_OK_AND_ASSIGN(const test::Rows dumps,
                         pair_->source().Query("SELECT id FROM information_schema.processlist "
                                               "WHERE command LIKE 'Binlog Dump%'"));
    for (const test::Row& dump : dumps) {
      pair_->source().Execute("KILL " + dump[0].value_or("0")).IgnoreError();
    }
    if (id == 10) Run("FLUSH BINARY LOGS");
  }
  AwaitLine(source_, "shop.orders[20]");
  std::vector<std::string> expected;
  for (int id = 1; id <= 20; ++id) {
    expected.push_back(absl::StrCat("insert shop.orders[", id, "] - -> [", id, ",\"a\"]"));
  }
  EXPECT_EQ(Changes(source_.lines.lines()), expected);
  EXPECT_EQ(source_.lines.origins().size(), 1u);
  EXPECT_GT(collectors_[0]->status().connections, 1u);
}

TEST_F(MariaDbStreamTest, ABinlogThatWasResetIsAGap) {
  Start(pair_->source(), &source_);
  Run("INSERT INTO shop.orders VALUES (1,'a')");
  AwaitLine(source_, "shop.orders[1]");
  ASSERT_OK(pair_->StopReplication());
  Run("RESET MASTER; INSERT INTO shop.orders VALUES (2,'b')");
  ASSERT_TRUE(Eventually([&] { return source_.lines.origins().size() == 2; }));
  EXPECT_EQ(source_.lines.origins()[1].reason, "gap");
}

TEST_F(MariaDbStreamTest, AnotherBinlogAtTheSamePlaceIsAGap) {
  model::ConnectionOptions to;
  to.port = pair_->source().port();
  to.user = "dcp";
  to.password = "dcp";
  const auto opener = MakeBinlogOpener({.servers = {to}, .server_id = 4399});
  ASSERT_OK_AND_ASSIGN(const test::Rows status, pair_->source().Query("SHOW MASTER STATUS"));
  StartPoint point;
  point.kind = StartPoint::Kind::kPosition;
  point.position = {status[0][0].value_or(""), std::stoull(status[0][1].value_or("0"))};
  point.executed = *model::GtidSet::Parse("0-101-1");  // and not what stands there
  const auto stream = opener(point);
  EXPECT_TRUE(collector::PositionLost(stream.status())) << stream.status();
  point.executed = *model::GtidSet::Parse("0-101-99");
  EXPECT_OK(opener(point));
  // What left no trace was not read.
  ASSERT_OK_AND_ASSIGN(const std::string last,
                       pair_->source().QueryValue("SELECT @@gtid_binlog_pos"));
  point.executed =
      *model::GtidSet::Parse(absl::StrCat(last, "..", last.substr(last.rfind('-') + 1)));
  EXPECT_OK(opener(point));
}

TEST_F(MariaDbStreamTest, AGroupWithoutATraceOnTheReplicaIsSaidToBeExecuted) {
  Run("INSERT INTO shop.orders VALUES (1,'a')");
  ASSERT_OK(pair_->WaitForReplica());
  Start(pair_->replica(), &replica_);
  ASSERT_OK(pair_->replica().Execute(
      "SET SESSION sql_log_bin=0; UPDATE shop.orders SET v='b'; SET SESSION sql_log_bin=1"));
  Run("SET SESSION gtid_domain_id=5; UPDATE shop.orders SET v='b'; SET SESSION gtid_domain_id=0");
  ASSERT_OK(pair_->WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const std::string shown,
                       pair_->replica().QueryValue("SELECT @@gtid_binlog_state"));
  ASSERT_FALSE(absl::StrContains(shown, "5-101-")) << "the replica left a trace: " << shown;
  const model::GtidSet unseen = *model::GtidSet::Parse("5-101-1");
  EXPECT_TRUE(Eventually([&] { return replica_.executed().Contains(unseen); }));
  EXPECT_THAT(Changes(replica_.lines.lines()), ::testing::Not(::testing::Contains("5-101")));
}

}  // namespace
}  // namespace dcp::cmd
