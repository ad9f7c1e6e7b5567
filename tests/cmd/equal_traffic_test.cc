// Equal traffic between real servers: nothing may be said but `same`, and that of
// all of it.
//
// DCP_TEST_SEED repeats a run's traffic, DCP_TEST_TRAFFIC_SCALE makes it longer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/copied_traffic.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/traffic.h"
#include "tests/cmd/traffic_tables.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

constexpr absl::Duration kLimit = absl::Minutes(5);  // of waiting, not expected

// Of one check, and of the tags that it alone compares.
struct CheckSetup {
  std::string name;
  std::string keys;  // of [[check]], such as "align = \"barrier\"\n"
};

// Tags of a collector, one per check: `side`-NAME.
std::string TagsToml(const std::vector<CheckSetup>& checks, const std::string& side,
                     const std::string& tables) {
  std::vector<std::string> tags;
  for (const CheckSetup& check : checks) {
    tags.push_back(
        absl::StrCat("{ tag = \"", side, "-", check.name, "\", tables = [", tables, "] }"));
  }
  return absl::StrCat("tags = [", absl::StrJoin(tags, ", "), "]\n");
}

std::string ChecksToml(const std::vector<CheckSetup>& checks) {
  std::string toml;
  for (const CheckSetup& check : checks) {
    absl::StrAppend(&toml, "[[check]]\nname = \"", check.name, "\"\nsource = \"src-", check.name,
                    "\"\ntargets = [\"dst-", check.name, "\"]\ntimeout = \"120s\"\n", check.keys);
  }
  return toml;
}

// A collector without its tags.
std::string ServerToml(const std::string& name, int server_id, MysqlServer& server) {
  return absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"", name,
                      "\"\nserver_id = ", server_id, "\n", ConnectionToml(server));
}

std::string PairToml(ReplicaPair& pair, const std::vector<CheckSetup>& checks) {
  return absl::StrCat("[barrier]\ninterval = \"150ms\"\n", ConnectionToml(pair.source()),
                      ServerToml("source", 4201, pair.source()),
                      TagsToml(checks, "src", "\"shop.*\""),
                      ServerToml("replica", 4202, pair.replica()),
                      TagsToml(checks, "dst", "\"shop.*\""), ChecksToml(checks));
}

// Row changes in a server's binlogs, as another program counts them.
uint64_t RowsInBinlog(MysqlServer& server, const std::string& database) {
  EXPECT_OK(server.Execute("FLUSH BINARY LOGS"));
  const TestDir dir("dcp-rows");
  const std::string command =
      absl::StrCat(server.mysqlbinlog(), " --base64-output=decode-rows -v ", server.binlog_dir(),
                   "/binlog.[0-9]* | grep -cE '^### (INSERT INTO|UPDATE|DELETE FROM) `", database,
                   "`' > ", dir / "count");
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return std::strtoull(ReadFile(dir / "count").c_str(), nullptr, 10);
}

// The last line of the log about the check: what it came to.
std::string StatusLine(const DcpProcess& dcp, const std::string& check) {
  const std::string log = dcp.log();
  const size_t at = log.rfind(absl::StrCat("check ", check, " "));
  return at == std::string::npos ? "" : log.substr(at, log.find('\n', at) - at);
}

const CheckSetup kDefaults{"defaults", ""};
const CheckSetup kKeysOnly{"keys", "capture = \"key\"\n"};
const CheckSetup kMd5{"md5", "digest = \"md5\"\n"};
const CheckSetup kOrdered{"ordered", "compare = \"ordered\"\ncapture = \"key\"\n"};
const std::vector<CheckSetup> kAllOfThem = {kDefaults, kKeysOnly, kMd5, kOrdered};

class EqualTrafficTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(SharedServers::Reset());
    options_.seed = TrafficSeed();
    options_.transactions *= TrafficScale();
    RecordProperty("seed", std::to_string(options_.seed));
    std::cout << "DCP_TEST_SEED=" << options_.seed << std::endl;
  }

  void SetReplica(int workers, bool commit_order) {
    ASSERT_OK(pair_->StopReplication());
    ASSERT_OK(pair_->replica().Execute(
        absl::StrCat("SET GLOBAL replica_parallel_workers = ", workers,
                     ", GLOBAL replica_preserve_commit_order = ", commit_order ? "ON" : "OFF")));
    ASSERT_OK(pair_->StartReplication());
  }

  void SetOnBoth(const std::string& variables) {
    for (MysqlServer* server : {&pair_->source(), &pair_->replica()}) {
      ASSERT_OK(server->Execute("SET GLOBAL " + variables));
    }
  }

  // dcp on the pair, judging already.
  void StartOnPair(const std::vector<CheckSetup>& checks) {
    ASSERT_OK(CreateTrafficTables(pair_->source(), "shop"));
    ASSERT_OK(pair_->WaitForReplica());
    Start(PairToml(*pair_, checks), checks);
  }

  void Start(const std::string& toml, const std::vector<CheckSetup>& checks) {
    checks_ = checks;
    auto started = DcpProcess::Start(toml);
    ASSERT_OK(started);
    dcp_ = std::move(started).value();
    for (const CheckSetup& check : checks_) {
      ASSERT_OK(dcp_->Await([&](const Alarm& alarm) {
        return alarm["check"] == check.name && alarm["type"] == "same";
      }));
    }
  }

  void RunOnPair() {
    const TrafficResult result = RunTraffic(pair_->source(), options_);
    ASSERT_OK(result.status);
    EXPECT_GT(result.committed, 2 * result.aborted);
    std::cout << result.committed << " transactions, " << result.aborted << " refused\n";
    ASSERT_OK(pair_->WaitForReplica(kLimit));
  }

  void AwaitJudged() {
    for (const CheckSetup& check : checks_) {
      ASSERT_OK(dcp_->AwaitJudged(pair_->source(), check.name, kLimit));
    }
  }

  // While the traffic runs.
  void StartAndShakeReplica(const std::atomic<bool>& traffic_ended) {
    const std::vector<CheckSetup> checks = {kDefaults, kOrdered};
    Start(PairToml(*pair_, checks), checks);
    while (!HasFatalFailure() && !traffic_ended) {
      ASSERT_OK(pair_->StopReplication());
      ASSERT_OK(pair_->StartReplication());
      Pause(absl::Milliseconds(300));
    }
  }

  // Each check said `same` of all rows of its source's binlog, and nothing else.
  void ExpectAllSame(uint64_t rows_in_binlog) {
    EXPECT_GT(rows_in_binlog, 0U);
    for (const CheckSetup& check : checks_) {
      const Judgement judgement = ExpectOnlySame(*dcp_, check.name);
      EXPECT_GE(judgement.verdicts, 5U) << check.name;
      EXPECT_GE(judgement.last, judgement.first + 5) << check.name;
      // A row whose key changes counts twice.
      EXPECT_GE(judgement.source_rows, rows_in_binlog) << check.name;
      EXPECT_EQ(judgement.source_rows, judgement.target_rows) << check.name;
      std::cout << check.name << ": " << judgement.verdicts << " verdicts, "
                << judgement.source_rows << " rows, " << rows_in_binlog << " in the binlog\n";
    }
  }

  // A write of the target's own in each table is seen by each check: what was called
  // same was looked at.
  void ExpectForeignRowsFound(MysqlServer& target, const std::string& database) {
    const size_t from = dcp_->alarms().size();
    ASSERT_OK_AND_ASSIGN(const auto session, target.Connect());
    ASSERT_OK(session->Execute(absl::StrCat("SET SESSION sql_mode = ''; USE ", database)));
    for (const TrafficTable& table : TrafficTables(options_.flavour)) {
      ASSERT_OK(session->Execute(table.foreign_row)) << table.name;
    }
    AwaitJudged();
    for (const CheckSetup& check : checks_) ExpectEachTableInDiffs(check.name, from);
  }

  void ExpectEachTableInDiffs(const std::string& check, size_t from) {
    std::set<std::string> found;
    const std::vector<Alarm> alarms = dcp_->alarms();
    for (size_t i = from; i < alarms.size(); ++i) {
      if (alarms[i]["type"] != "diff" || alarms[i]["check"] != check) continue;
      for (const auto& diff : alarms[i]["diffs"]) {
        EXPECT_EQ(diff["kind"], "extra") << diff.dump();
        found.insert(diff["table"]);
      }
    }
    std::set<std::string> wanted;
    for (const TrafficTable& table : TrafficTables(options_.flavour)) {
      wanted.insert("shop." + table.name);
    }
    EXPECT_EQ(found, wanted) << check;
  }

  void Stop() {
    ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
    EXPECT_EQ(status, 0);
  }

  // The whole traffic on the pair; dcp has ended then.
  void RunAndExpectAllSame() {
    RunOnPair();
    AwaitJudged();
    ExpectAllSame(RowsInBinlog(pair_->source(), "shop"));
    ExpectForeignRowsFound(pair_->replica(), "shop");
    Stop();
  }

  void ExpectAlignedByGtids(bool by_gtids) {
    for (const CheckSetup& check : checks_) {
      const std::string line = StatusLine(*dcp_, check.name);
      EXPECT_EQ(absl::StrContains(line, "the target's transactions carry the source's GTIDs"),
                by_gtids)
          << line;
    }
  }

  ReplicaPair* pair_ = &SharedServers::Pair();
  TrafficOptions options_;
  std::vector<CheckSetup> checks_;
  std::unique_ptr<DcpProcess> dcp_;
};

TEST_F(EqualTrafficTest, NativeReplicationAsItIsByDefault) {
  StartOnPair(kAllOfThem);
  if (HasFatalFailure()) return;
  RunAndExpectAllSame();
  ExpectAlignedByGtids(true);
}

TEST_F(EqualTrafficTest, EightWorkersWithoutCommitOrderAreAlignedByGtid) {
  SetReplica(8, false);
  SetOnBoth("binlog_row_metadata = FULL");
  options_.ddl = true;
  StartOnPair(kAllOfThem);
  if (HasFatalFailure()) return;
  RunAndExpectAllSame();
  ExpectAlignedByGtids(true);
}

// Compressed transactions and full metadata, too.
TEST_F(EqualTrafficTest, EightWorkersInCommitOrderAlignedByBarriers) {
  SetReplica(8, true);
  SetOnBoth("binlog_transaction_compression = ON, GLOBAL binlog_row_metadata = FULL");
  const std::string barrier = "align = \"barrier\"\nlateness = ";
  StartOnPair({{"late", barrier + "1\n"},
               {"late-keys", barrier + "1\ncapture = \"key\"\ndigest = \"md5\"\n"},
               {"exact", barrier + "0\n"}});
  if (HasFatalFailure()) return;
  options_.transactional_only = true;
  options_.ddl = true;
  RunAndExpectAllSame();
  ExpectAlignedByGtids(false);
}

// dcp starts amid the traffic, and the replica stops and starts.
TEST_F(EqualTrafficTest, StartAmidTrafficOfAReplicaThatStopsAndStarts) {
  SetReplica(8, false);
  ASSERT_OK(CreateTrafficTables(pair_->source(), "shop"));
  options_.transactions *= 2;
  TrafficResult result;
  std::atomic<bool> ended = false;
  std::thread traffic([&] {
    result = RunTraffic(pair_->source(), options_);
    ended = true;
  });
  StartAndShakeReplica(ended);
  traffic.join();
  if (HasFatalFailure()) return;
  ASSERT_OK(result.status);
  ASSERT_OK(pair_->WaitForReplica(kLimit));
  AwaitJudged();
  for (const CheckSetup& check : checks_) {
    const Judgement judgement = ExpectOnlySame(*dcp_, check.name);
    EXPECT_GT(judgement.source_rows, 1000U) << check.name;
    EXPECT_EQ(judgement.source_rows, judgement.target_rows) << check.name;
  }
  ExpectForeignRowsFound(pair_->replica(), "shop");
  Stop();
}

// The tables of `database` under the names that they have in shop.
std::string MappedTables(const std::string& database, Flavour flavour) {
  std::vector<std::string> tables;
  for (const TrafficTable& table : TrafficTables(flavour)) {
    tables.push_back(absl::StrCat("{ match = \"", database, ".", table.name, "\", as = \"shop.",
                                  table.name, "\" }"));
  }
  return absl::StrJoin(tables, ", ");
}

// Two databases of one server, kept equal by a writer that does each transaction of the first again
// in the second.
class OneServerTest : public EqualTrafficTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  void SetUp() override {
    EqualTrafficTest::SetUp();
    options_.flavour = GetParam();
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam(), {.workers = 1})));
  }

  // One collector of the server for both, or one for each.
  std::string Config(const std::vector<CheckSetup>& checks, bool one_collector) {
    MysqlServer& server = pair_->source();
    const std::string first = TagsToml(checks, "src", MappedTables("first", GetParam()));
    const std::string second = TagsToml(checks, "dst", MappedTables("second", GetParam()));
    const std::string between =
        one_collector ? ", " : absl::StrCat("]\n", ServerToml("again", 4202, server), "tags = [");
    return absl::StrCat(ServerToml("only", 4201, server), first.substr(0, first.rfind(']')),
                        between, second.substr(sizeof "tags = [" - 1), ChecksToml(checks));
  }
};

INSTANTIATE_TEST_SUITE_P(, OneServerTest, ::testing::Values(Flavour::kMysql97, Flavour::kMysql56),
                         [](const auto& flavour) { return NameOf(flavour.param); });

TEST_P(OneServerTest, TablesThatAWriterKeepsEqual) {
  MysqlServer& server = pair_->source();
  ASSERT_OK(CreateTrafficTables(server, "first"));
  ASSERT_OK(CreateTrafficTables(server, "second"));
  Pacemaker pacemaker(server);
  ASSERT_OK(pacemaker.Start());
  const std::vector<CheckSetup> checks = {
      kDefaults, {"md5-keys", "digest = \"md5\"\ncapture = \"key\"\nlateness = 1\n"}};
  Start(Config(checks, GetParam() == Flavour::kMysql97), checks);
  if (HasFatalFailure()) return;

  options_.database = "first";
  options_.repeatable = true;
  options_.transactions /= 2;
  Copiers copiers(server, options_, "second");
  const TrafficResult result = RunTraffic(
      server, options_,
      [&](int writer, Session& session, const TrafficTransaction& transaction) -> absl::Status {
        const Pacemaker::InFlight in_flight(pacemaker);
        DCP_RETURN_IF_ERROR(RunTransaction(session, transaction));
        return copiers.Copy(writer, transaction);
      });
  ASSERT_OK(result.status);
  std::cout << result.committed << " transactions, " << result.aborted << " refused\n";
  AwaitJudged();
  ExpectAllSame(RowsInBinlog(server, "first"));
  ExpectForeignRowsFound(server, "second");
  EXPECT_OK(pacemaker.Stop());
  Stop();
  for (const CheckSetup& check : checks_) {
    EXPECT_THAT(StatusLine(*dcp_, check.name),
                ::testing::HasSubstr("(align: both tags come from one server)"));
  }
}

// ---- other flavours ----

struct Replicating {
  std::string name;
  Flavour flavour;
  Applier applier;
  bool gtid = true;
};

class FlavourTrafficTest : public EqualTrafficTest,
                           public ::testing::WithParamInterface<Replicating> {
 protected:
  void SetUp() override {
    EqualTrafficTest::SetUp();
    options_.flavour = GetParam().flavour;
    ReplicaPairOptions options = PairOf(GetParam().flavour, GetParam().applier);
    options.source.gtid = options.replica.gtid = GetParam().gtid;
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(options));
  }
};

TEST_P(FlavourTrafficTest, OnlySame) {
  const bool mariadb = GetParam().flavour == Flavour::kMariaDb;
  if (mariadb) SetOnBoth("binlog_row_metadata = FULL");
  options_.ddl = mariadb;
  options_.transactional_only = !GetParam().gtid;
  StartOnPair(kAllOfThem);
  if (HasFatalFailure()) return;
  RunAndExpectAllSame();
  ExpectAlignedByGtids(GetParam().gtid);
}

constexpr Applier Eight(ParallelMode mode) {
  return {.workers = 8, .preserve_commit_order = true, .parallel_mode = mode};
}

INSTANTIATE_TEST_SUITE_P(
    , FlavourTrafficTest,
    ::testing::Values(
        Replicating{"MariaDbOneThread", Flavour::kMariaDb, {.workers = 1}},
        Replicating{"MariaDbConservative", Flavour::kMariaDb, Eight(ParallelMode::kConservative)},
        Replicating{"MariaDbOptimistic", Flavour::kMariaDb, Eight(ParallelMode::kOptimistic)},
        Replicating{"MariaDbAggressive", Flavour::kMariaDb, Eight(ParallelMode::kAggressive)},
        Replicating{"Mysql56", Flavour::kMysql56, {.workers = 1}},
        Replicating{"Mysql56WithoutGtids", Flavour::kMysql56, {.workers = 1}, false}),
    [](const auto& replicating) { return replicating.param.name; });

}  // namespace
}  // namespace dcp::test
