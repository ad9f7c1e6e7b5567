// A collector on real servers whose connections break: what it hands on is what was committed, in
// order, each once.
//
// DCP_TEST_FAULTS=long asks for the sizes at which the promise was first shown; without it a tenth
// of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cmd/dcp/binlog_opener.h"
#include "collector/mysql/mysql_collector.h"
#include "mysql/server_binlog_reader.h"
#include "tests/cmd/fault_traffic.h"
#include "tests/collector/mysql/fake_server.h"
#include "tests/servers/fault_proxy.h"
#include "tests/servers/mysql_server.h"
#include "tests/servers/replica_pair.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using collector::Eventually;
using collector::FakeSink;
using collector::MysqlCollector;
using collector::StartPoint;
using test::BreakAtRandomBytes;
using test::BreakBehindEachEvent;
using test::FaultProxy;
using test::FaultTraffic;
using test::Flavour;
using test::MysqlServer;

bool Long() {
  const char* const size = std::getenv("DCP_TEST_FAULTS");
  return size != nullptr && absl::string_view(size) == "long";
}

size_t Sized(size_t whole) { return Long() ? whole : whole / 10; }

// What DCP_TEST_LOG in the environment asks for.
void LogIfAsked(absl::string_view text) {
  if (std::getenv("DCP_TEST_LOG") != nullptr) std::cerr << text << "\n";
}

// A clock on which an hour passes whenever somebody looks: no wait takes any time.
class LeapingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + Monotonic(); }
  absl::Duration Monotonic() const override { return absl::Hours(++looks_); }

 private:
  mutable std::atomic<int64_t> looks_ = 0;
};

struct Tested {
  Flavour flavour;
  bool gtid;  // of MySQL: gtid_mode
};

std::string ParameterName(const ::testing::TestParamInfo<Tested>& tested) {
  return test::NameOf(tested.param.flavour) + (tested.param.gtid ? "ByGtid" : "ByPosition");
}

// Without before versions, of which Describe() knows only what it has seen in the same batch.
std::vector<std::string> WithoutBefore(std::vector<std::string> lines) {
  for (std::string& line : lines) {
    const size_t key = line.find("] ");
    const size_t after = line.find(" -> ");
    if (after != std::string::npos && key < after) line.erase(key + 1, after - key - 1);
  }
  return lines;
}

void ExpectSame(const std::vector<std::string>& lines, const std::vector<std::string>& plain) {
  const auto a = WithoutBefore(lines), b = WithoutBefore(plain);
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  EXPECT_TRUE(differ.first == a.end() && differ.second == b.end())
      << "line " << differ.first - a.begin() << ": "
      << (differ.first == a.end() ? "the end" : differ.first->substr(0, 200))
      << "\nwithout faults: "
      << (differ.second == b.end() ? "the end" : differ.second->substr(0, 200));
}

// A server per kind for all tests here, alone, since it is killed now and then.
class StreamFaultsTest : public ::testing::TestWithParam<Tested> {
 protected:
  static void TearDownTestSuite() { servers_.clear(); }

  void SetUp() override {
    auto& entry = servers_[{GetParam().flavour, GetParam().gtid}];
    if (entry.first == nullptr) {
      test::MysqlOptions options{.flavour = GetParam().flavour, .gtid = GetParam().gtid};
      if (GetParam().flavour != Flavour::kMysql56) {
        options.extra_args = {"--binlog-row-metadata=FULL"};
      }
      ASSERT_OK_AND_ASSIGN(entry.first, MysqlServer::Start(options));
      ASSERT_OK_AND_ASSIGN(entry.second, test::GlobalVariables(*entry.first));
    }
    server_ = entry.first.get();
    if (server_->pid() == 0) {
      ASSERT_OK(server_->Restart());
    }
    ASSERT_OK(test::ResetServer(*server_, entry.second));
    ASSERT_OK_AND_ASSIGN(proxy_, FaultProxy::Start(server_->port()));
    traffic_ = std::make_unique<FaultTraffic>(*server_, 1);
    ASSERT_OK(traffic_->Begin());
  }
  void TearDown() override {
    if (collector_ != nullptr) collector_->Stop();
  }

  // From the beginning of the binlog, by way of the proxy unless `port` says otherwise.
  std::unique_ptr<MysqlCollector> Start(FakeSink* sink, uint16_t port = 0) {
    model::ConnectionOptions to;
    to.port = port == 0 ? proxy_->port() : port;
    to.user = "dcp";
    to.password = "dcp";
    collector::MysqlCollectorOptions options;
    options.name = "source";
    options.start.kind = StartPoint::Kind::kPosition;
    options.start.position = {"binlog.000001", 4};
    options.pause = absl::Milliseconds(50);
    options.flush_delay = absl::Milliseconds(1);
    options.executed_watch = {.interval = watch_interval_, .rest = watch_interval_};
    options.log = [](absl::string_view text) {
      if (std::getenv("DCP_TEST_LOG") != nullptr)
        fprintf(stderr, "%s\n", std::string(text).c_str());
    };
    collector::MysqlTag tag;
    tag.tag = model::Tag("src");
    tag.tables = {{"shop.*", "", {}}};
    options.groups.tags = {tag};
    options.groups.registry = &registry_;
    const auto opener = MakeBinlogOpener(
        {.servers = {to},
         .server_id = 4399,
         .wants = [](absl::string_view database, absl::string_view) { return database == "shop"; },
         .heartbeat_period = heartbeat_period_,
         .clock = &clock_});
    options.reconnect = options.server_id_taken = {absl::Milliseconds(5), absl::Milliseconds(50)};
    auto collector = MysqlCollector::Create(std::move(options), opener, sink, waits_by_);
    EXPECT_OK(collector);
    if (!collector.ok()) return nullptr;
    (*collector)->Start();
    return *std::move(collector);
  }

  // All lines, up to the number `last`.
  static std::vector<std::string> LinesUpTo(const FakeSink& sink, int last) {
    const std::string end = absl::StrCat("insert shop.seq[", last, "]");
    EXPECT_TRUE(Eventually(
        [&] {
          const auto lines = sink.lines();
          return std::any_of(lines.rbegin(), lines.rend(),
                             [&](const std::string& line) { return absl::StartsWith(line, end); });
        },
        Long() ? absl::Minutes(20) : absl::Minutes(1)))
        << "the stream never shows " << last << "; begun anew: " << sink.origins().size() - 1
        << " times";
    return sink.lines();
  }

  // Reads it all by way of the proxy, and once more without a fault.
  void ExpectAllOnce() {
    ASSERT_OK(traffic_->RunSmall(1));
    const int last = traffic_->committed().back();
    collector_ = Start(&sink_);
    const auto lines = LinesUpTo(sink_, last);
    collector_->Stop();
    EXPECT_EQ(test::NumbersOf(lines), traffic_->committed());
    EXPECT_EQ(collector_->status().gaps, 0u);
    FakeSink plain;
    auto direct = Start(&plain, server_->port());
    ExpectSame(lines, LinesUpTo(plain, last));
    direct->Stop();
    for (const std::string& line : lines)
      EXPECT_FALSE(absl::StartsWith(line, "unverified")) << line;
  }

  static inline std::map<std::pair<Flavour, bool>,
                         std::pair<std::unique_ptr<MysqlServer>, test::Rows>>
      servers_;
  MysqlServer* server_ = nullptr;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<FaultTraffic> traffic_;
  LeapingClock clock_;
  const Clock* waits_by_ = &clock_;  // backs off
  absl::Duration watch_interval_ = absl::InfiniteDuration();
  absl::Duration heartbeat_period_ = absl::Seconds(5);
  model::TableRegistry registry_;
  FakeSink sink_;
  std::unique_ptr<MysqlCollector> collector_;
};

INSTANTIATE_TEST_SUITE_P(, StreamFaultsTest,
                         ::testing::Values(Tested{Flavour::kMysql97, true},
                                           Tested{Flavour::kMysql97, false},
                                           Tested{Flavour::kMysql56, true},
                                           Tested{Flavour::kMysql56, false},
                                           Tested{Flavour::kMariaDb, true}),
                         ParameterName);

TEST_P(StreamFaultsTest, ACutBehindEachEventLosesAndRepeatsNothing) {
  const bool mysql97 = GetParam().flavour == Flavour::kMysql97;
  ASSERT_OK(traffic_->Run(std::max<size_t>(13, Sized(mysql97 ? 200 : 120))));
  // MariaDB takes 0.1 s to end the thread of each connection that was broken.
  const auto faults = std::make_shared<BreakBehindEachEvent>(
      !Long() && GetParam().flavour == Flavour::kMariaDb ? 4 : 1);
  proxy_->SetFaults(faults);
  ExpectAllOnce();
  EXPECT_GT(faults->breaks(), traffic_->committed().size());
  EXPECT_GE(proxy_->streams(), faults->breaks());
  RecordProperty("breaks", static_cast<int>(faults->breaks()));
}

TEST_P(StreamFaultsTest, CutsAtRandomBytesLoseAndRepeatNothing) {
  const size_t transactions = Sized(GetParam().flavour == Flavour::kMysql97 ? 10000 : 4000);
  const size_t breaks = Sized(GetParam().flavour == Flavour::kMysql97 ? 200 : 80);
  ASSERT_OK(traffic_->RunSmall(transactions));
  // About 400 bytes each.
  const auto faults =
      std::make_shared<BreakAtRandomBytes>(breaks, transactions * 300 / breaks, 20261121);
  proxy_->SetFaults(faults);
  ExpectAllOnce();
  EXPECT_LT(faults->left(), breaks / 2);
  RecordProperty("breaks", static_cast<int>(breaks - faults->left()));
}

// Killed, and ended cleanly, in turn.
TEST_P(StreamFaultsTest, AServerThatEndsLosesAndRepeatsNothing) {
  const size_t rounds = Long() ? 10 : GetParam().flavour == Flavour::kMysql97 ? 1 : 2;
  // Thousands of tries at a port where nobody listens would at last take that port themselves.
  waits_by_ = &Clock::Real();
  collector_ = Start(&sink_, server_->port());
  for (size_t round = 0; round < rounds; ++round) {
    ASSERT_OK_AND_ASSIGN(auto session, server_->Connect());
    std::atomic<int> written = 0;
    std::thread writer([&] {
      for (int id = static_cast<int>(round) * 100000 + 1;
           session
               ->Execute(absl::StrCat("BEGIN; REPLACE INTO shop.orders VALUES (", id % 50,
                                      ", 'k', REPEAT('x', 2000)); INSERT INTO shop.seq VALUES (",
                                      id, "); COMMIT"))
               .ok();
           ++id) {
        ++written;
      }
    });
    EXPECT_TRUE(Eventually([&] { return written > 200; }));
    if (round % 2 == 0) {
      server_->Kill();
    } else {
      EXPECT_OK(server_->Stop());
    }
    writer.join();
    ASSERT_OK(server_->Restart());
  }
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (100000000)"));
  const auto lines = LinesUpTo(sink_, 100000000);
  ASSERT_OK_AND_ASSIGN(const test::Rows rows,
                       server_->Query("SELECT id FROM shop.seq ORDER BY id"));
  std::vector<int> committed;
  for (const test::Row& row : rows) committed.push_back(std::stoi(row[0].value_or("0")));
  EXPECT_EQ(test::NumbersOf(lines), committed);
  EXPECT_EQ(sink_.origins().size(), 1u);
}

// The server goes on sending nothing, or from a file that is gone, and does not say so.
TEST_P(StreamFaultsTest, ABinlogThatIsResetInMidStreamIsAGap) {
  waits_by_ = &Clock::Real();
  watch_interval_ = absl::Milliseconds(100);
  collector_ = Start(&sink_, server_->port());
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (1), (2), (3)"));
  LinesUpTo(sink_, 3);
  ASSERT_OK(server_->Execute(server_->words().reset_binlog));
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (4)"));
  ASSERT_TRUE(Eventually([&] { return sink_.origins().size() > 1; }, absl::Seconds(30)));
  EXPECT_EQ(sink_.origins()[1].reason, "gap");
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (5)"));
  LinesUpTo(sink_, 5);
}

// A link that drops all packets, also while the server is asked by the side of the stream.
class DeadLinkTest : public StreamFaultsTest {};

INSTANTIATE_TEST_SUITE_P(, DeadLinkTest,
                         ::testing::Values(Tested{Flavour::kMysql97, true},
                                           Tested{Flavour::kMariaDb, true}),
                         ParameterName);

TEST_P(DeadLinkTest, ADeadLinkIsNoticedWithinThreeHeartbeats) {
  waits_by_ = &Clock::Real();
  watch_interval_ = absl::Milliseconds(100);
  heartbeat_period_ = absl::Seconds(1);
  collector_ = Start(&sink_);
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (1)"));
  LinesUpTo(sink_, 1);
  proxy_->Stall();
  const absl::Duration begin = Clock::Real().Monotonic();
  EXPECT_TRUE(Eventually([&] { return !collector_->status().connected; }, absl::Seconds(30)));
  const absl::Duration taken = Clock::Real().Monotonic() - begin;
  EXPECT_LE(taken, absl::Seconds(4));  // three, and what the machine takes
  EXPECT_GE(taken, absl::Seconds(1));
  proxy_->Heal();
  ASSERT_OK(server_->Execute("INSERT INTO shop.seq VALUES (2)"));
  LinesUpTo(sink_, 2);
}

// A source and its replica behind one proxy each; the collector reads the source first.
class FailoverTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, test::SharedServers::Fresh(test::PairOf(GetParam())));
    for (MysqlServer* server : {&pair_->source(), &pair_->replica()}) {
      if (GetParam() != Flavour::kMysql56) {
        ASSERT_OK(server->Execute("SET GLOBAL binlog_row_metadata = FULL"));
      }
      ASSERT_OK_AND_ASSIGN(auto proxy, FaultProxy::Start(server->port()));
      proxies_.push_back(std::move(proxy));
    }
    Run("CREATE DATABASE shop; CREATE TABLE shop.seq (id INT PRIMARY KEY)");
  }
  void TearDown() override {
    if (collector_ != nullptr) collector_->Stop();
  }

  void Run(const std::string& sql) { ASSERT_OK(pair_->source().Execute(sql)); }
  void Insert(int first, int last) {
    for (int id = first; id <= last; ++id) {
      Run(absl::StrCat("INSERT INTO shop.seq VALUES (", id, ")"));
    }
  }

  void Start(absl::Duration patience = absl::Minutes(10)) { collector_ = Open(&sink_, patience); }

  std::unique_ptr<MysqlCollector> Open(FakeSink* sink, absl::Duration patience) {
    BinlogServers servers;
    for (const auto& proxy : proxies_) {
      model::ConnectionOptions& to = servers.servers.emplace_back();
      to.port = proxy->port();
      to.user = to.password = "dcp";
      to.connect_timeout = absl::Seconds(2);
    }
    servers.server_id = 4399;
    servers.patience = patience;
    servers.goes_on = goes_on_;
    servers.wants = [](absl::string_view database, absl::string_view) {
      return database == "shop";
    };
    collector::MysqlCollectorOptions options;
    options.name = "source";
    options.start = start_;
    options.pause = absl::Milliseconds(20);
    options.reconnect = {absl::Milliseconds(5), absl::Milliseconds(20)};
    options.log = &LogIfAsked;
    collector::MysqlTag tag;
    tag.tag = model::Tag("src");
    tag.tables = {{"shop.*", "", {}}};
    options.groups.tags = {tag};
    options.groups.registry = &registry_;
    auto collector =
        MysqlCollector::Create(std::move(options), MakeBinlogOpener(servers), sink, &Clock::Real());
    EXPECT_OK(collector);
    if (!collector.ok()) return nullptr;
    (*collector)->Start();
    return *std::move(collector);
  }

  // As soon as `last` has come: 1, 2, … last.
  void ExpectAllOnce(int last) {
    EXPECT_TRUE(Eventually(
        [&] {
          const auto numbers = test::NumbersOf(sink_.lines());
          return !numbers.empty() && numbers.back() == last;
        },
        absl::Seconds(30)))
        << collector_->status().last_error;
    std::vector<int> expected(static_cast<size_t>(last));
    std::iota(expected.begin(), expected.end(), 1);
    EXPECT_EQ(test::NumbersOf(sink_.lines()), expected);
    EXPECT_EQ(sink_.origins().size(), 1u);
  }

  test::ReplicaPair* pair_ = nullptr;
  std::vector<std::unique_ptr<FaultProxy>> proxies_;
  StartPoint start_{StartPoint::Kind::kPosition, {}, {"binlog.000001", 4}};
  bool goes_on_ = false;
  model::TableRegistry registry_;
  FakeSink sink_;
  std::unique_ptr<MysqlCollector> collector_;
};

INSTANTIATE_TEST_SUITE_P(, FailoverTest, ::testing::ValuesIn(test::kAllFlavours),
                         [](const auto& tested) { return test::NameOf(tested.param); });

TEST_P(FailoverTest, ThereAndBackAgainLosesAndRepeatsNothing) {
  Start();
  Insert(1, 5);
  ExpectAllOnce(5);
  proxies_[0]->Refuse();
  Insert(6, 10);
  ExpectAllOnce(10);
  EXPECT_GT(proxies_[1]->streams(), 0u);
  proxies_[1]->CutAll();  // there too it goes on behind the last group
  Insert(11, 15);
  ExpectAllOnce(15);
  proxies_[0]->Heal();
  proxies_[1]->Refuse();
  Insert(16, 20);
  ExpectAllOnce(20);
}

TEST_P(FailoverTest, AReplicaThatIsLateIsWaitedFor) {
  Start();
  Insert(1, 5);
  ExpectAllOnce(5);
  ASSERT_OK(pair_->WaitForReplica());
  ASSERT_OK(pair_->StopReplication());
  Insert(6, 10);
  ExpectAllOnce(10);
  proxies_[0]->Refuse();
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(collector_->status().last_error, "lacks transactions");
  })) << collector_->status().last_error;
  ASSERT_OK(pair_->StartReplication());
  Insert(11, 12);
  ExpectAllOnce(12);
}

// What the collector has read and the next server never gets.
TEST_P(FailoverTest, TransactionsThatTheNextServerLacksForGoodAreAGap) {
  Start(absl::Milliseconds(100));
  Insert(1, 5);
  ExpectAllOnce(5);
  ASSERT_OK(pair_->WaitForReplica());
  ASSERT_OK(pair_->StopReplication());
  Insert(6, 10);
  ExpectAllOnce(10);
  proxies_[0]->Refuse();
  ASSERT_TRUE(Eventually([&] { return sink_.origins().size() == 2; }));
  EXPECT_EQ(sink_.origins()[1].reason, "gap");
  EXPECT_THAT(sink_.origins()[1].detail, ::testing::HasSubstr("lacks transactions"));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.seq VALUES (100)"));
  EXPECT_TRUE(Eventually([&] { return test::NumbersOf(sink_.lines()).back() == 100; }));
}

// While dcp was not running, the server at this address was replaced by another.
TEST_P(FailoverTest, AServerWithoutWhatAnEarlierRunReadIsAGap) {
  proxies_.pop_back();
  Insert(1, 3);
  const bool mariadb = GetParam() == Flavour::kMariaDb;
  start_ = StartPoint{};
  start_.kind = StartPoint::Kind::kGtid;
  ASSERT_OK_AND_ASSIGN(
      start_.executed,
      model::GtidSet::Parse(mariadb ? "0-77-2" : "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"));
  goes_on_ = true;
  Start(absl::Milliseconds(100));
  ASSERT_TRUE(Eventually([&] { return !sink_.origins().empty(); }));
  EXPECT_EQ(sink_.origins()[0].reason, "gap");
  EXPECT_THAT(sink_.origins()[0].detail, ::testing::HasSubstr("lacks transactions"));
  Insert(4, 4);
  EXPECT_TRUE(Eventually([&] { return test::NumbersOf(sink_.lines()) == std::vector<int>{4}; }));
}

// MySQL goes by uuids and serves both. MariaDB ends the stream of the older one without a word:
// each takes it from the other until it has had enough.
TEST_P(FailoverTest, AServerIdThatAnotherClientUsesIsNamedAndNotFoughtOverForEver) {
  proxies_.pop_back();
  Start();
  Insert(1, 3);
  ExpectAllOnce(3);
  FakeSink other_sink;
  const auto other = Open(&other_sink, absl::Minutes(10));
  const auto named = [](const MysqlCollector& collector) {
    const auto status = collector.status();
    return absl::StrContains(status.warning + status.last_error, "server_id of its own");
  };
  EXPECT_TRUE(Eventually([&] { return named(*collector_) || named(*other); }, absl::Seconds(20)));
  Insert(4, 6);
  const std::vector<int> all = {1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(Eventually([&] {
    return test::NumbersOf(sink_.lines()) == all || test::NumbersOf(other_sink.lines()) == all;
  }));
  other->Stop();
}

}  // namespace
}  // namespace dcp::cmd
