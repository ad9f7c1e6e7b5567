// Appliers that fool barriers: rows that barriers overtake, several channels. By GTID only `same`
// is said of them; by barriers too where a number of barriers bounds it, else that is refused.
//
// Workers of MySQL that share the work by logical clock start a transaction when everything up to
// the last one that it depends on is done. Each barrier depends on the one before it, so that one
// barrier, and no more, may overtake a row or be overtaken, with and without commit order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/config_toml.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/traffic.h"
#include "tests/cmd/traffic_tables.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kBigRows = 30000;
constexpr uint64_t kBarriers = 10;  // that come while the replica's applier is held up

uint64_t OffsetOf(MysqlServer& server, int id = 1) {
  const auto text =
      server.QueryValue(absl::StrCat("SELECT `offset` FROM drc.barrier WHERE id = ", id));
  EXPECT_OK(text);
  return text.ok() ? std::stoull(*text) : 0;
}

class AppliersTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!dcp_) return;
    ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
    EXPECT_EQ(status, 0) << dcp_->log();
  }

  // dcp, once all its checks judge.
  void Start(const std::string& config, const std::vector<std::string>& checks) {
    auto dcp = DcpProcess::Start(config);
    ASSERT_OK(dcp);
    dcp_ = std::move(dcp).value();
    for (const std::string& check : checks) {
      ASSERT_OK(dcp_->Await([&](const Alarm& alarm) { return alarm["check"] == check; }));
    }
  }

  // Both commands end with status 78 and name the setting.
  static void ExpectRefused(const std::string& config, const std::string& setting) {
    const TestDir dir("dcp-appliers");
    WriteFile(dir / "dcp.toml", config);
    for (const char* command : {"check-config", "run"}) {
      ASSERT_OK_AND_ASSIGN(const ProgramResult result,
                           RunDcp({command, "--config", dir / "dcp.toml"}));
      EXPECT_EQ(result.exit_code, 78) << result.output;
      EXPECT_THAT(result.output, HasSubstr(setting)) << command;
    }
  }

  std::unique_ptr<DcpProcess> dcp_;
};

// ---- one source ----

struct CheckSetup {
  std::string name, keys;
};
const CheckSetup kGtid{"gtid", "align = \"gtid\"\n"};
const CheckSetup kLate{"late", "align = \"barrier\"\nlateness = 1\n"};
const CheckSetup kExact{"exact", "align = \"barrier\"\nlateness = 0\nconfirm = false\n"};

class OneSourceTest : public AppliersTest {
 protected:
  void SetUp() override { UsePair({}); }

  void UsePair(const ReplicaPairOptions& options) {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(options));
  }

  void SetReplica(int workers, bool commit_order) {
    ASSERT_OK(pair_->StopReplication());
    ASSERT_OK(pair_->replica().Execute(
        absl::StrCat("SET GLOBAL replica_parallel_workers = ", workers,
                     ", GLOBAL replica_preserve_commit_order = ", commit_order ? "ON" : "OFF")));
    ASSERT_OK(pair_->StartReplication());
  }

  void Create(const std::string& tables) {
    ASSERT_OK(pair_->source().Execute("CREATE DATABASE shop; " + tables));
    ASSERT_OK(pair_->WaitForReplica());
  }

  // Checks of the same tables.
  std::string Config(const std::vector<CheckSetup>& checks) {
    std::vector<TagToml> sources, targets;
    std::string toml = BarrierToml(pair_->source());
    for (const CheckSetup& check : checks) {
      sources.push_back({"src-" + check.name, "shop*.*"});
      targets.push_back({"dst-" + check.name, "shop*.*"});
      absl::StrAppend(&toml,
                      CheckToml(check.name, sources.back().tag, targets.back().tag, check.keys));
    }
    return absl::StrCat(toml, CollectorToml("source", 4201, pair_->source(), sources),
                        CollectorToml("replica", 4202, pair_->replica(), targets));
  }
  void StartChecks() { Start(Config({kGtid, kLate, kExact}), {"gtid", "late", "exact"}); }

  // The offset of the last barrier before what `sql` commits.
  absl::StatusOr<uint64_t> RunBetweenBarriers(const std::string& sql) {
    DCP_ASSIGN_OR_RETURN(const auto no_barriers, pair_->source().Connect());
    DCP_RETURN_IF_ERROR(
        no_barriers->Execute("BEGIN; SELECT * FROM drc.barrier WHERE id = 1 FOR UPDATE"));
    DCP_RETURN_IF_ERROR(pair_->source().Execute(sql));
    const uint64_t behind = OffsetOf(pair_->source());
    DCP_RETURN_IF_ERROR(no_barriers->Execute("COMMIT"));
    return behind;
  }

  // Runs `sql` on the source while the replica's applier cannot get past `lock`. Ten barriers come;
  // `overtaking` of them, and no more, overtake what waits for it.
  void RunOvertaken(const std::string& lock, const std::string& sql, uint64_t overtaking = 1) {
    ASSERT_OK_AND_ASSIGN(const auto blocker, pair_->replica().Connect());
    ASSERT_OK(blocker->Execute(lock));
    ASSERT_OK_AND_ASSIGN(const uint64_t behind, RunBetweenBarriers(sql));
    EXPECT_TRUE(Eventually([&] { return OffsetOf(pair_->source()) >= behind + kBarriers; }));
    const auto overtaken = [&] { return OffsetOf(pair_->replica()) >= behind + overtaking; };
    EXPECT_TRUE(Eventually(overtaken, absl::Seconds(20)))
        << "no barrier overtakes it: " << CheckReplica(pair_->replica());
    if (overtaking < kBarriers) {
      EXPECT_EQ(OffsetOf(pair_->replica()), behind + overtaking);
    }
    ASSERT_OK(blocker->Execute("ROLLBACK; UNLOCK TABLES"));
    ASSERT_OK(pair_->WaitForReplica());
  }

  void ExpectAllSame(const std::string& check, uint64_t rows) {
    ASSERT_OK(dcp_->AwaitJudged(pair_->source(), check));
    const Judgement judgement = ExpectOnlySame(*dcp_, check);
    EXPECT_GE(judgement.source_rows, rows) << check;
    EXPECT_EQ(judgement.source_rows, judgement.target_rows) << check;
  }

  ReplicaPair* pair_ = nullptr;
};

// Enough for the source to know which transactions need not wait for the big one.
constexpr char kLongHistory[] = "SET GLOBAL binlog_transaction_dependency_history_size = 1000000";

constexpr char kBigTable[] =
    "CREATE TABLE shop.big (id INT PRIMARY KEY, v VARCHAR(20)); "
    "INSERT INTO shop.big VALUES (0, 'held')";

// A table of so many rows.
std::string Numbers(int count, const std::string& name) {
  std::string rows = "SELECT 0 AS n";
  for (int i = 1; i < count; ++i) absl::StrAppend(&rows, " UNION ALL SELECT ", i);
  return absl::StrCat("(", rows, ") AS ", name);
}

// One transaction that ends with a change of the row 0.
std::string BigTransaction() {
  return absl::StrCat("BEGIN; INSERT INTO shop.big SELECT 1 + a.n + 100 * b.n + 10000 * c.n, ",
                      "'row' FROM ", Numbers(100, "a"), ", ", Numbers(100, "b"), ", ",
                      Numbers(kBigRows / 10000, "c"),
                      "; UPDATE shop.big SET v = 'free' WHERE id = 0; COMMIT");
}

constexpr char kHoldRow[] = "BEGIN; SELECT * FROM shop.big WHERE id = 0 FOR UPDATE";

constexpr char kMyIsamTable[] =
    "; CREATE TABLE shop.plain (id INT PRIMARY KEY, v INT) ENGINE = MyISAM";
constexpr char kHoldMyIsamTable[] = "LOCK TABLES shop.plain READ";

TEST_F(OneSourceTest, BigTransactionAmongTenBarriers) {
  SetReplica(8, false);
  ASSERT_OK(pair_->source().Execute(kLongHistory));
  Create(kBigTable);
  StartChecks();
  if (HasFatalFailure()) return;
  RunOvertaken(kHoldRow, BigTransaction());
  ExpectAllSame("gtid", kBigRows + 1);
  ExpectAllSame("late", kBigRows + 1);
  // So it was overtaken.
  ASSERT_OK(dcp_->Await([](const Alarm& alarm) {
    return alarm["check"] == "exact" && alarm["type"] == "diff" &&
           alarm["diff_count"] == kBigRows + 1;
  }));
}

// What is wrong is found in spite of it.
TEST_F(OneSourceTest, DifferenceInATransactionThatABarrierOvertakes) {
  SetReplica(8, false);
  Create(kBigTable);
  StartChecks();
  if (HasFatalFailure()) return;
  RunOvertaken(kHoldRow,
               "BEGIN; INSERT INTO shop.big VALUES (1, 'x'); UPDATE shop.big SET v = 'free' WHERE "
               "id = 0; COMMIT");
  ASSERT_OK(pair_->replica().Execute("UPDATE shop.big SET v = 'wrong' WHERE id = 1"));
  for (const char* check : {"gtid", "late"}) {
    for (int i = 0; i < 2; ++i) ASSERT_OK(dcp_->AwaitJudged(pair_->source(), check));
    EXPECT_THAT(DifferencesOf(*dcp_, check),
                ElementsAre(::testing::AnyOf("extra shop.big[1]", "mismatch shop.big[1]")))
        << check;
  }
}

// Rows of a table without transactions keep no commit order.
TEST_F(OneSourceTest, MyIsamBesideInnoDb) {
  SetReplica(8, false);
  Create(absl::StrCat(kBigTable, kMyIsamTable));
  StartChecks();
  if (HasFatalFailure()) return;
  for (int i = 0; i < 3; ++i) {
    RunOvertaken(kHoldMyIsamTable, absl::StrCat("INSERT INTO shop.plain VALUES (", i, ", 0)"));
    RunOvertaken(kHoldRow, absl::StrCat("UPDATE shop.big SET v = 'at ", i, "' WHERE id = 0"));
    ASSERT_OK(pair_->source().Execute("UPDATE shop.plain SET v = v + 1"));
  }
  ExpectAllSame("gtid", 12);
  ExpectAllSame("late", 12);
}

// ---- one source: MariaDB ----

const ReplicaPairOptions& MariaDbInParallel() {
  static const auto* const options = new ReplicaPairOptions(
      PairOf(Flavour::kMariaDb, {.workers = 8, .parallel_mode = ParallelMode::kOptimistic}));
  return *options;
}

// Its workers commit in the source's order: no barrier overtakes anything of its GTID domain.
class MariaDbApplierTest : public OneSourceTest {
 protected:
  void SetUp() override { UsePair(MariaDbInParallel()); }

  void ExpectAllSameOfEach(uint64_t rows) {
    for (const char* check : {"gtid", "late", "exact"}) ExpectAllSame(check, rows);
  }
};

TEST_F(MariaDbApplierTest, BigTransactionAmongTenBarriers) {
  Create(kBigTable);
  StartChecks();
  if (HasFatalFailure()) return;
  RunOvertaken(kHoldRow, BigTransaction(), 0);
  ExpectAllSameOfEach(kBigRows + 1);
}

TEST_F(MariaDbApplierTest, MyIsamBesideInnoDb) {
  Create(absl::StrCat(kBigTable, kMyIsamTable));
  StartChecks();
  if (HasFatalFailure()) return;
  RunOvertaken(kHoldMyIsamTable, "INSERT INTO shop.plain VALUES (1, 0), (2, 0)", 0);
  RunOvertaken(kHoldRow, "UPDATE shop.big SET v = 'at' WHERE id = 0", 0);
  ASSERT_OK(pair_->source().Execute("UPDATE shop.plain SET v = v + 1"));
  ExpectAllSameOfEach(5);
}

// ---- one source: MySQL 5.6 ----

// Its workers share the work by database, without any order between databases.
class Mysql56WorkersTest : public OneSourceTest {
 protected:
  void SetUp() override { UsePair(PairOf(Flavour::kMysql56, {.workers = 4})); }
};

TEST_F(Mysql56WorkersTest, TenBarriersOvertakeWhatIsInOtherDatabases) {
  Create(absl::StrCat(kBigTable,
                      "; CREATE DATABASE shop2; CREATE TABLE shop2.plain (id INT PRIMARY KEY, v "
                      "INT) ENGINE = MyISAM"));
  ExpectRefused(Config({kLate}), "slave_parallel_workers");
  Start(Config({kGtid}), {"gtid"});
  if (HasFatalFailure()) return;
  RunOvertaken(kHoldRow, BigTransaction(), kBarriers);
  RunOvertaken("LOCK TABLES shop2.plain READ", "INSERT INTO shop2.plain VALUES (1, 0)", kBarriers);
  ExpectAllSame("gtid", kBigRows + 2);
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop2.plain VALUES (77, 0)"));
  ASSERT_OK(dcp_->Await(DiffOf("extra", "shop2.plain", "[77]")));
}

// ---- by barriers ----

struct Workers {
  const char* name;
  int workers;
  bool commit_order;

  friend std::ostream& operator<<(std::ostream& out, const Workers& w) { return out << w.name; }
};

class BarrierAlignmentTest : public OneSourceTest, public ::testing::WithParamInterface<Workers> {};

constexpr Workers kWorkers[] = {{"OneThread", 1, false},
                                {"EightInCommitOrder", 8, true},
                                {"EightWithoutCommitOrder", 8, false}};
INSTANTIATE_TEST_SUITE_P(, BarrierAlignmentTest, ::testing::ValuesIn(kWorkers),
                         [](const auto& workers) { return workers.param.name; });

TEST_P(BarrierAlignmentTest, OneBarrierOfLatenessIsEnough) {
  SetReplica(GetParam().workers, GetParam().commit_order);
  ASSERT_OK(CreateTrafficTables(pair_->source(), "shop"));
  ASSERT_OK(pair_->WaitForReplica());
  StartChecks();
  if (HasFatalFailure()) return;
  TrafficOptions traffic{.seed = TrafficSeed()};
  traffic.transactions = 100;
  std::cout << "DCP_TEST_SEED=" << traffic.seed << std::endl;
  ASSERT_OK(RunTraffic(pair_->source(), traffic).status);
  ASSERT_OK(pair_->WaitForReplica());
  ExpectAllSame("gtid", 1000);
  ExpectAllSame("late", 1000);
}

// ---- two sources ----

class TwoSourcesTest : public AppliersTest, public ::testing::WithParamInterface<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        servers_,
        FanIn::Start(FanInOf(GetParam(), {.workers = 8, .preserve_commit_order = false})));
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_OK(servers_->source(i).Execute(
          absl::StrCat("CREATE DATABASE IF NOT EXISTS shop; "
                       "CREATE TABLE IF NOT EXISTS shop.all_of_them (id INT PRIMARY KEY, v INT); "
                       "CREATE TABLE shop.own",
                       i, " (id INT PRIMARY KEY, v INT)")));
      ASSERT_OK(servers_->WaitForReplica());
    }
  }

  // Check i compares what tables of source i hold; `check`: of each.
  std::string Config(const std::string& tables, const std::string& check) {
    std::string toml;
    std::vector<TagToml> target;
    for (int i = 0; i < 2; ++i) {
      MysqlServer& source = servers_->source(static_cast<size_t>(i));
      const std::string own = tables == "own" ? absl::StrCat(tables, i) : tables;
      const TagToml tag{absl::StrCat("src", i), absl::StrCat("shop.", own)};
      target.push_back({absl::StrCat("dst", i), tag.tables});
      absl::StrAppend(&toml, BarrierToml(source, i + 1),
                      CollectorToml(absl::StrCat("source", i), 4201 + i, source, {tag}),
                      CheckToml(NameOfCheck(i), tag.tag, target.back().tag,
                                absl::StrCat("barrier_id = ", i + 1, "\n", check)));
    }
    return absl::StrCat(toml, CollectorToml("replica", 4209, servers_->replica(), target));
  }
  static std::string NameOfCheck(int i) { return absl::StrCat("from", i); }

  // Both sources write, each rows of its own; `numbered`: into a table of its own.
  void Write(const std::string& table, bool numbered) {
    std::vector<std::thread> writers;
    for (int i = 0; i < 2; ++i) {
      writers.emplace_back([=, this] {
        const std::string name = numbered ? absl::StrCat(table, i) : table;
        EXPECT_OK(WriteRows(servers_->source(static_cast<size_t>(i)), name, i * 1000));
      });
    }
    for (std::thread& writer : writers) writer.join();
    ASSERT_OK(servers_->WaitForReplica());
  }

  void AwaitJudged() {
    ASSERT_OK(servers_->WaitForReplica());
    for (int i = 0; i < 2; ++i) {
      ASSERT_OK(dcp_->AwaitJudged(servers_->source(static_cast<size_t>(i)), NameOfCheck(i),
                                  absl::Seconds(60), static_cast<uint32_t>(i + 1)));
    }
  }

  // 150 transactions, a second at least: of several barriers.
  static absl::Status WriteRows(MysqlServer& source, const std::string& table, int first) {
    DCP_ASSIGN_OR_RETURN(const auto session, source.Connect());
    for (int i = 0; i < 150; ++i) {
      DCP_RETURN_IF_ERROR(session->Execute(absl::StrCat(
          "BEGIN; INSERT INTO shop.", table, " VALUES (", first + i, ", 0); UPDATE shop.", table,
          " SET v = v + 1 WHERE id BETWEEN ", first, " AND ", first + i, " LIMIT 5; COMMIT; ",
          "DELETE FROM shop.", table, " WHERE id = ", first + i - 7, " AND id >= ", first)));
    }
    return absl::OkStatus();
  }

  // A transaction of source i that the replica executes empty, or (MariaDB) leaves out.
  void Lose(int i, const std::string& sql) {
    AwaitJudged();
    MysqlServer& source = servers_->source(static_cast<size_t>(i));
    if (GetParam() == Flavour::kMariaDb) {
      LoseByMark(source, sql);
    } else {
      LoseByEmptyTransaction(source, sql);
    }
    AwaitJudged();
  }

  void LoseByMark(MysqlServer& source, const std::string& sql) {
    ASSERT_OK(
        servers_->replica().Execute("STOP ALL SLAVES; SET GLOBAL replicate_events_marked_for_skip "
                                    "= 'FILTER_ON_SLAVE'; START ALL SLAVES"));
    ASSERT_OK(source.Execute("SET SESSION skip_replication = 1; " + sql +
                             "; SET SESSION skip_replication = 0"));
  }

  void LoseByEmptyTransaction(MysqlServer& source, const std::string& sql) {
    ASSERT_OK_AND_ASSIGN(const std::string uuid, source.QueryValue("SELECT @@GLOBAL.server_uuid"));
    const std::string name = absl::StrCat("SET gtid_next = '", uuid, ":lost:1'; ");
    const std::string end = "; SET gtid_next = AUTOMATIC";
    ASSERT_OK(servers_->replica().Execute(name + "BEGIN; COMMIT" + end));
    ASSERT_OK(source.Execute(name + sql + end));
  }

  // Start, Write and AwaitJudged; then only `same` was said.
  void ExpectAllSame(const std::string& table, bool numbered, const std::string& check) {
    Start(Config(table, check), {NameOfCheck(0), NameOfCheck(1)});
    if (HasFatalFailure()) return;
    Write(table, numbered);
    AwaitJudged();
    for (int i = 0; i < 2; ++i) {
      const Judgement judgement = ExpectOnlySame(*dcp_, NameOfCheck(i));
      EXPECT_GE(judgement.source_rows, 600U);
      EXPECT_EQ(judgement.source_rows, judgement.target_rows);
      EXPECT_GE(judgement.verdicts, 2U);
    }
  }

  std::unique_ptr<FanIn> servers_;
};

INSTANTIATE_TEST_SUITE_P(, TwoSourcesTest, ::testing::Values(Flavour::kMysql97, Flavour::kMariaDb),
                         [](const auto& flavour) { return NameOf(flavour.param); });

// The barriers of one channel say nothing of the other's rows.
TEST_P(TwoSourcesTest, EachCheckIsCutByTheRowOfItsSource) {
  ExpectRefused(Config("own", "align = \"barrier\"\n"), "2 channels ('source1', 'source2')");
  ExpectAllSame("own", true, "align = \"gtid\"\n");
  if (HasFatalFailure()) return;
  Lose(0, "INSERT INTO shop.own0 VALUES (-42, 0)");
  ASSERT_OK(servers_->replica().Execute("INSERT INTO shop.own1 VALUES (-77, 0)"));
  AwaitJudged();
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(0)), ElementsAre("missing shop.own0[-42]"));
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(1)), ElementsAre("extra shop.own1[-77]"));
}

// One table of the target, the rows of each source their own.
TEST_P(TwoSourcesTest, OneTableWithOriginIsSame) {
  ExpectAllSame("all_of_them", false, "align = \"gtid\"\norigin = \"source\"\n");
  if (HasFatalFailure()) return;
  Lose(1, "INSERT INTO shop.all_of_them VALUES (1999, 0)");
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(0)), IsEmpty());
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(1)), ElementsAre("missing shop.all_of_them[1999]"));
}

// Without it the rows of the other source are writes of the target's own. (MariaDB: a hundred
// barriers later, since what is of another domain may still come.)
class WithoutOriginTest : public TwoSourcesTest {};
INSTANTIATE_TEST_SUITE_P(, WithoutOriginTest, ::testing::Values(Flavour::kMysql97),
                         [](const auto& flavour) { return NameOf(flavour.param); });

TEST_P(WithoutOriginTest, OneTableHasExtraRows) {
  Start(Config("all_of_them", "align = \"gtid\"\n"), {NameOfCheck(0), NameOfCheck(1)});
  if (HasFatalFailure()) return;
  ASSERT_OK(servers_->source(0).Execute("INSERT INTO shop.all_of_them VALUES (1, 0)"));
  ASSERT_OK(servers_->source(1).Execute("INSERT INTO shop.all_of_them VALUES (1001, 0)"));
  for (int i = 0; i < 4; ++i) AwaitJudged();
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(0)), ElementsAre("extra shop.all_of_them[1001]"));
  EXPECT_THAT(DifferencesOf(*dcp_, NameOfCheck(1)), ElementsAre("extra shop.all_of_them[1]"));
}

// ---- GTID domains of MariaDB ----

// Data in one GTID domain, the barrier in another: they overtake each other without a bound.
class MariaDbDomainsTest : public AppliersTest {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(MariaDbInParallel()));
    ASSERT_OK(pair_->source().Execute(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)"));
    ASSERT_OK(pair_->WaitForReplica());
  }

  std::string Config(const std::string& check) {
    return absl::StrCat(BarrierToml(pair_->source()),
                        CollectorToml("source", 4201, pair_->source(), {{"src"}}),
                        CollectorToml("replica", 4202, pair_->replica(), {{"dst"}}),
                        CheckToml("domains", "src", "dst", check));
  }

  void Write() {
    ASSERT_OK_AND_ASSIGN(const auto session, pair_->source().Connect());
    ASSERT_OK(session->Execute("SET SESSION gtid_domain_id = 5"));
    for (int i = 0; i < 200; ++i) {
      ASSERT_OK(session->Execute(absl::StrCat(
          "INSERT INTO shop.t VALUES (", i, ", 0); UPDATE shop.t SET v = v + 1 WHERE id <= ", i)));
    }
  }

  // The replica's applier of the domain waits while ten barriers pass by.
  void WriteWhatWaits() {
    ASSERT_OK_AND_ASSIGN(const auto blocker, pair_->replica().Connect());
    ASSERT_OK(blocker->Execute("BEGIN; SELECT * FROM shop.t WHERE id = 3 FOR UPDATE"));
    ASSERT_OK_AND_ASSIGN(const auto session, pair_->source().Connect());
    ASSERT_OK(session->Execute("SET SESSION gtid_domain_id = 5; UPDATE shop.t SET v = -1"));
    const uint64_t behind = OffsetOf(pair_->source());
    EXPECT_TRUE(Eventually([&] { return OffsetOf(pair_->replica()) >= behind + 10; }));
    ASSERT_OK(blocker->Execute("ROLLBACK"));
    ASSERT_OK(pair_->WaitForReplica());
  }

  ReplicaPair* pair_ = nullptr;
};

TEST_F(MariaDbDomainsTest, OnlySameByGtid) {
  Start(Config("align = \"gtid\"\n"), {"domains"});
  if (HasFatalFailure()) return;
  Write();
  ASSERT_OK(pair_->WaitForReplica());
  WriteWhatWaits();
  ASSERT_OK(dcp_->AwaitJudged(pair_->source(), "domains"));
  const Judgement judgement = ExpectOnlySame(*dcp_, "domains");
  EXPECT_GE(judgement.source_rows, 20000U);
  EXPECT_EQ(judgement.source_rows, judgement.target_rows);
}

TEST_F(MariaDbDomainsTest, ByBarriersItIsRefused) {
  Write();
  ASSERT_OK(pair_->WaitForReplica());
  ExpectRefused(Config("align = \"barrier\"\n"), "domain");
}

}  // namespace
}  // namespace dcp::test
