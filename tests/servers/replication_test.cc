// Replication in every form that the tests of dcp start: appliers, positions, dual masters, several
// sources.
#include "tests/servers/replication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/servers/replica_pair.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;

std::string Value(MysqlServer& server, const std::string& sql) {
  auto value = server.QueryValue(sql);
  return value.ok() ? *value : value.status().ToString();
}

std::string FlavourName(const ::testing::TestParamInfo<Flavour>& tested) {
  return NameOf(tested.param);
}

constexpr int kWriters = 4;

// One writer's transactions in a database of its own, and one row that all of them update.
void Write(MysqlServer& server, int writer) {
  ASSERT_OK_AND_ASSIGN(const auto session, server.Connect());
  const std::string table = absl::StrCat("shop", writer, ".t");
  for (int i = 0; i < 60; ++i) {
    ASSERT_OK(session->Execute(absl::StrCat("BEGIN; INSERT INTO ", table, " VALUES (", i, ", ", i,
                                            "); UPDATE ", table, " SET v = v + 1 WHERE id > ",
                                            i - 5, "; UPDATE shop0.sum SET v = v + 1; COMMIT")));
  }
}

void WriteAll(MysqlServer& server) {
  for (int i = 0; i < kWriters; ++i) {
    ASSERT_OK(server.Execute(absl::StrCat("CREATE DATABASE shop", i, "; CREATE TABLE shop", i,
                                          ".t (id INT PRIMARY KEY, v INT)")));
  }
  ASSERT_OK(
      server.Execute("CREATE TABLE shop0.sum (v INT PRIMARY KEY);"
                     "INSERT INTO shop0.sum VALUES (0)"));
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) writers.emplace_back([&server, i] { Write(server, i); });
  for (std::thread& writer : writers) writer.join();
}

std::string Contents(MysqlServer& server) {
  std::string sums;
  for (int i = 0; i < kWriters; ++i) {
    absl::StrAppend(
        &sums, Value(server,
                     absl::StrCat("SELECT CONCAT(COUNT(*), ':', SUM(v), ' ') FROM shop", i, ".t")));
  }
  return sums + Value(server, "SELECT v FROM shop0.sum");
}

struct ApplierCase {
  std::string name;
  Flavour flavour;
  Applier applier;
};

class ApplierTest : public ::testing::TestWithParam<ApplierCase> {};

TEST_P(ApplierTest, AppliesWhatWasWrittenAtTheSameTime) {
  ASSERT_OK_AND_ASSIGN(const auto pair,
                       ReplicaPair::Start(PairOf(GetParam().flavour, GetParam().applier)));
  ASSERT_NO_FATAL_FAILURE(WriteAll(pair->source()));
  ASSERT_OK(pair->WaitForReplica());
  const std::string written = Contents(pair->source());
  EXPECT_THAT(written, HasSubstr(absl::StrCat(" ", kWriters * 60)));
  EXPECT_EQ(Contents(pair->replica()), written);
}

Applier Eight(ParallelMode mode) { return {.workers = 8, .parallel_mode = mode}; }

INSTANTIATE_TEST_SUITE_P(
    , ApplierTest,
    ::testing::Values(
        ApplierCase{"Mysql97OneWorker", Flavour::kMysql97, {.workers = 1}},
        ApplierCase{"Mysql97Ordered", Flavour::kMysql97, {.workers = 8}},
        ApplierCase{
            "Mysql97Unordered", Flavour::kMysql97, {.workers = 8, .preserve_commit_order = false}},
        ApplierCase{"Mysql56OneThread", Flavour::kMysql56, {.workers = 1}},
        ApplierCase{"Mysql56Parallel", Flavour::kMysql56, {.workers = 8}},
        ApplierCase{"MariaDbOneThread", Flavour::kMariaDb, {.workers = 1}},
        ApplierCase{"MariaDbNone", Flavour::kMariaDb, Eight(ParallelMode::kNone)},
        ApplierCase{"MariaDbConservative", Flavour::kMariaDb, Eight(ParallelMode::kConservative)},
        ApplierCase{"MariaDbOptimistic", Flavour::kMariaDb, Eight(ParallelMode::kOptimistic)},
        ApplierCase{"MariaDbAggressive", Flavour::kMariaDb, Eight(ParallelMode::kAggressive)}),
    [](const auto& tested) { return tested.param.name; });

TEST(ApplierArgumentsTest, TheReplicaAppliesAsAsked) {
  ASSERT_OK_AND_ASSIGN(const auto pair, ReplicaPair::Start(PairOf(
                                            Flavour::kMariaDb, Eight(ParallelMode::kAggressive))));
  EXPECT_EQ(
      Value(pair->replica(), "SELECT CONCAT(@@slave_parallel_threads, @@slave_parallel_mode)"),
      "8aggressive");
}

class TopologyTest : public ::testing::TestWithParam<Flavour> {};
INSTANTIATE_TEST_SUITE_P(, TopologyTest, ::testing::ValuesIn(kAllFlavours), FlavourName);

TEST_P(TopologyTest, WithoutGtidsReplicationGoesByPosition) {
  ReplicaPairOptions options = PairOf(GetParam());
  options.source.gtid = options.replica.gtid = false;
  ASSERT_OK_AND_ASSIGN(const auto pair, ReplicaPair::Start(options));
  ASSERT_OK(
      pair->source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                             "INSERT INTO shop.t VALUES (1), (2)"));
  ASSERT_OK(pair->WaitForReplica());
  EXPECT_EQ(Value(pair->replica(), "SELECT COUNT(*) FROM shop.t"), "2");

  ASSERT_OK(pair->StopReplication());
  ASSERT_OK(pair->source().Execute("INSERT INTO shop.t VALUES (3)"));
  EXPECT_THAT(pair->WaitForReplica(absl::Milliseconds(100)),
              HasCode(absl::StatusCode::kDeadlineExceeded));
  ASSERT_OK(pair->Reset());
  ASSERT_OK(pair->source().Execute("CREATE DATABASE shop"));
  EXPECT_OK(pair->WaitForReplica());
}

TEST_P(TopologyTest, DualMastersHaveEachOthersRows) {
  ReplicaPairOptions options = PairOf(GetParam());
  options.circular = true;
  if (GetParam() == Flavour::kMariaDb) {
    options.source.gtid_domain_id = 1;
    options.replica.gtid_domain_id = 2;
  }
  ASSERT_OK_AND_ASSIGN(const auto pair, ReplicaPair::Start(options));
  for (int round = 0; round < 2; ++round) {
    ASSERT_OK(
        pair->source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)"));
    ASSERT_OK(pair->WaitForReplica());
    ASSERT_OK(pair->replica().Execute("INSERT INTO shop.t VALUES (2)"));
    ASSERT_OK(pair->source().Execute("INSERT INTO shop.t VALUES (1)"));
    ASSERT_OK(pair->WaitForReplica());
    ASSERT_OK(pair->WaitForSource());
    for (MysqlServer* server : {&pair->source(), &pair->replica()}) {
      EXPECT_EQ(Value(*server, "SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.t"), "1,2");
    }
    ASSERT_OK(pair->Reset());
  }
}

TEST(FanInTest, AReplicaHasTheRowsOfAllItsSources) {
  for (const Flavour flavour : {Flavour::kMysql97, Flavour::kMariaDb}) {
    SCOPED_TRACE(flavour);
    ASSERT_OK_AND_ASSIGN(const auto fan_in, FanIn::Start(FanInOf(flavour, {.workers = 8})));
    ASSERT_OK(fan_in->source(0).Execute("CREATE DATABASE north"));
    ASSERT_OK(fan_in->source(1).Execute("CREATE DATABASE south"));
    ASSERT_OK(fan_in->WaitForReplica());
    EXPECT_OK(fan_in->replica().Execute("USE north; USE south"));

    ASSERT_OK(fan_in->channel(1).Stop());
    ASSERT_OK(fan_in->source(0).Execute("CREATE DATABASE north2"));
    ASSERT_OK(fan_in->source(1).Execute("CREATE DATABASE south2"));
    EXPECT_OK(fan_in->channel(0).Wait());
    EXPECT_THAT(fan_in->channel(1).Wait(absl::Milliseconds(300)),
                HasCode(absl::StatusCode::kDeadlineExceeded));
    ASSERT_OK(fan_in->channel(1).Start());
    EXPECT_OK(fan_in->channel(1).Wait());

    ASSERT_OK(ForgetSources(fan_in->replica()));
    ASSERT_OK_AND_ASSIGN(const Rows channels,
                         fan_in->replica().Query(fan_in->replica().words().channels));
    EXPECT_TRUE(channels.empty());
  }
}

TEST(FanInTest, ChannelsGoByPositionToo) {
  for (const Flavour flavour : {Flavour::kMysql97, Flavour::kMariaDb}) {
    SCOPED_TRACE(flavour);
    FanInOptions options = FanInOf(flavour);
    options.replica.gtid = false;
    for (MysqlOptions& source : options.sources) source.gtid = false;
    ASSERT_OK_AND_ASSIGN(const auto fan_in, FanIn::Start(options));
    ASSERT_OK(fan_in->source(0).Execute("CREATE DATABASE north"));
    ASSERT_OK(fan_in->source(1).Execute("CREATE DATABASE south"));
    ASSERT_OK(fan_in->WaitForReplica());
    EXPECT_OK(fan_in->replica().Execute("USE north; USE south"));
  }
}

TEST(FanInTest, MySql56HasNoChannels) {
  EXPECT_THAT(FanIn::Start(FanInOf(Flavour::kMysql56)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no channels")));
}

TEST(ReplicationTest, MariaDbReplicatesFromMysql56) {
  ReplicaPairOptions options = PairOf(Flavour::kMysql56);
  options.replica.flavour = Flavour::kMariaDb;
  ASSERT_OK_AND_ASSIGN(const auto pair, ReplicaPair::Start(options));
  ASSERT_OK(
      pair->source().Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                             "INSERT INTO shop.t VALUES (1)"));
  ASSERT_OK(pair->WaitForReplica());
  EXPECT_EQ(Value(pair->replica(), "SELECT COUNT(*) FROM shop.t"), "1");
}

}  // namespace
}  // namespace dcp::test
