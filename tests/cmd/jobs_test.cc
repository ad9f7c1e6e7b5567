// Scheduled jobs in a daemon between real servers, by a clock that the test sets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/inspect.h"
#include "config/load.h"
#include "server/metrics.h"
#include "tests/cmd/config_toml.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using model::JobRun;
using test::Alarm;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Time passes as ever; what time it is, the test says.
class SetClock final : public Clock {
 public:
  absl::Time Now() const override { return Clock::Real().Now() + absl::Nanoseconds(shift_.load()); }
  absl::Duration Monotonic() const override { return Clock::Real().Monotonic(); }
  void Set(const std::string& utc) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", utc, &time, &error)) << error;
    shift_ = absl::ToInt64Nanoseconds(time - Clock::Real().Now());
  }

 private:
  std::atomic<int64_t> shift_{0};
};

class JobsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    OnSource(
        "CREATE DATABASE IF NOT EXISTS drc; CREATE DATABASE shop; "
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT); "
        "CREATE TABLE shop.items (id INT PRIMARY KEY, v INT); "
        "INSERT INTO shop.orders VALUES (1, 1), (2, 2), (3, 3); INSERT INTO shop.items VALUES (1, "
        "1)");
    clock_.Set("2026-11-21 02:59:40");
  }
  void TearDown() override { daemon_.reset(); }

  void OnSource(const std::string& sql) { ASSERT_OK(pair_.source().Execute(sql)); }
  // What no binlog shows.
  void Unlogged(const std::string& sql) {
    ASSERT_OK(pair_.WaitForReplica());
    ASSERT_OK(pair_.replica().Execute("SET SESSION sql_log_bin = 0; " + sql +
                                      "; SET SESSION sql_log_bin = 1"));
  }

  static std::string Inline(const test::MysqlServer& server) {
    return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(),
                        ", user = \"dcp\", password_env = \"DCP_TEST_PASSWORD\" }\n");
  }

  std::string JobToml(const std::string& more) const {
    return absl::StrCat("[[job]]\nname = \"nightly\"\nsource = ", Inline(pair_.source()),
                        "target = ", Inline(pair_.replica()),
                        "tables = [\"shop.*\"]\ntime_zone = \"UTC\"\n", more);
  }

  void Start(const std::string& job) {
    const std::string text =
        absl::StrCat(test::LivePairToml(pair_.source(), pair_.replica()), job,
                     "[[alarm]]\ntype = \"file\"\npath = \"", dir_ / "alarms.jsonl",
                     "\"\ntypes = [\"same\", \"diff\", \"unverified\", \"timeout\", \"resolved\"]\n"
                     "[state]\ndir = \"",
                     dir_ / "state", "\"\n");
    const config::Environment environment = [](absl::string_view) { return std::string("dcp"); };
    const config::Loaded loaded =
        config::Parse(text, "dcp.toml", config::Purpose::kRun, environment);
    ASSERT_TRUE(loaded.ok()) << loaded.status() << text;
    daemon_.reset();
    ASSERT_OK_AND_ASSIGN(
        daemon_, Daemon::Create(loaded->config, Inspect(loaded->config, Scope::kServers), clock_));
    ASSERT_OK(daemon_->Start());
  }

  model::JobActivity Job() const {
    const model::DaemonStatus status = daemon_->Status();
    EXPECT_THAT(status.jobs, SizeIs(1));
    return status.jobs.empty() ? model::JobActivity() : status.jobs[0];
  }
  bool AwaitRun(uint64_t number) {
    return test::Eventually(
        [&] {
          const model::JobActivity job = Job();
          return !job.running && !job.last_runs.empty() && job.last_runs[0].number >= number &&
                 job.last_runs[0].result != JobRun::Result::kRunning;
        },
        absl::Seconds(120));
  }
  bool AwaitChecking() {
    return test::Eventually(
        [&] {
          const model::DaemonStatus status = daemon_->Status();
          return !status.pairs.empty() && status.pairs[0].verified_barrier > 0;
        },
        absl::Seconds(120));
  }

  // What the job said: "diff 1 missing shop.orders[3]", ...
  std::vector<std::string> Said() const {
    std::vector<std::string> said;
    const std::string text = test::ReadFile(dir_ / "alarms.jsonl");
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const Alarm alarm = test::ParseAlarm(std::string(line));
      if (alarm["check"] != "nightly") continue;
      EXPECT_EQ(alarm["epoch"], 0);
      std::string words =
          absl::StrCat(alarm["type"].get<std::string>(), " ", alarm["to"].get<uint64_t>());
      if (alarm["type"] == "unverified") {
        absl::StrAppend(&words, " ", alarm["reason"].get<std::string>());
      }
      if (alarm.contains("diffs")) {
        for (const Alarm& diff : alarm["diffs"]) {
          absl::StrAppend(&words, " ", diff["kind"].get<std::string>(), " ",
                          diff["table"].get<std::string>(), diff["key"].dump(), " ",
                          diff["columns"].dump(), " ", diff["present"].dump());
        }
      }
      if (alarm.contains("keys")) absl::StrAppend(&words, " ", alarm["keys"].dump());
      said.push_back(words);
    }
    return said;
  }
  bool AwaitSaid(size_t count) {
    return test::Eventually([&] { return Said().size() >= count; });
  }

  test::ReplicaPair& pair_ = test::SharedServers::Pair();
  const test::TestDir dir_{"dcp-jobs"};
  SetClock clock_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(JobsTest, WhatTheStreamsDoNotShowIsFoundAtNightAndEndsWhenItIsMended) {
  Start(JobToml("schedule = \"0 3 * * *\"\n"));
  ASSERT_TRUE(AwaitChecking());
  EXPECT_THAT(daemon_->Status().proofs, IsEmpty());
  Unlogged("UPDATE shop.orders SET v = 7 WHERE id = 2; DELETE FROM shop.orders WHERE id = 3");
  clock_.Set("2026-11-21 03:00:01");
  ASSERT_TRUE(AwaitRun(1));
  EXPECT_EQ(Job().last_runs[0].result, JobRun::Result::kDiff);
  EXPECT_EQ(Job().last_runs[0].different, 2u);
  ASSERT_TRUE(AwaitSaid(1));
  EXPECT_THAT(Said(),
              ElementsAre(R"(diff 1 mismatch shop.orders[2] ["v"] {"source":[2,2],"target":[2,7]})"
                          R"( missing shop.orders[3] [] {"source":[3,3],"target":null})"));
  const auto proofs = daemon_->Status().proofs;
  ASSERT_THAT(proofs, SizeIs(1));
  EXPECT_EQ(proofs[0].check, "orders");
  EXPECT_EQ(proofs[0].target, "dst");
  EXPECT_EQ(proofs[0].table, "shop.items");
  EXPECT_GT(proofs[0].offset, 0u);

  Unlogged("UPDATE shop.orders SET v = 2 WHERE id = 2; INSERT INTO shop.orders VALUES (3, 3)");
  clock_.Set("2026-11-22 03:00:01");
  ASSERT_TRUE(AwaitRun(2));
  ASSERT_TRUE(AwaitSaid(3));
  EXPECT_THAT(Said(), ElementsAre(HasSubstr("diff 1"), "same 2",
                                  R"(resolved 2 ["shop.orders[2]","shop.orders[3]"])"));
  EXPECT_THAT(daemon_->Status().proofs, SizeIs(2));
  const std::string metrics = server::MetricsText(daemon_->Status(), clock_.Now());
  EXPECT_THAT(metrics, HasSubstr(R"(dcp_job_runs_total{job="nightly",result="diff"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(dcp_table_verified_offset{check="orders",target="dst",)"
                                 R"(table="shop.orders"} )"));

  // A daemon that was down for two nights says so, and knows what was proven before.
  daemon_->Stop(absl::Seconds(10));
  daemon_.reset();
  clock_.Set("2026-11-24 12:00:00");
  Start(JobToml("schedule = \"0 3 * * *\"\n"));
  ASSERT_TRUE(AwaitSaid(4));
  EXPECT_THAT(Said(), Contains("unverified 3 missed"));
  EXPECT_THAT(Job().last_runs[0].detail, HasSubstr("2 starts were missed, from 2026-11-23 03:00 to "
                                                   "2026-11-24 03:00: dcp was not running then"));
  EXPECT_THAT(daemon_->Status().proofs, SizeIs(2));
}

// Made equal without a trace in a binlog.
TEST_F(JobsTest, AFindingOfTheStreamsEndsWhereAJobSeesItsTableEqual) {
  Start(JobToml("schedule = \"0 3 * * *\"\n"));
  ASSERT_TRUE(AwaitChecking());
  ASSERT_OK(pair_.replica().Execute("UPDATE shop.orders SET v = 7 WHERE id = 2"));
  const auto open = [&] { return daemon_->Status().pairs[0].open_findings; };
  ASSERT_TRUE(test::Eventually([&] { return open() == 1; }));
  Unlogged("UPDATE shop.orders SET v = 2 WHERE id = 2");
  const uint64_t said = daemon_->Status().pairs[0].verified_barrier;
  ASSERT_TRUE(
      test::Eventually([&] { return daemon_->Status().pairs[0].verified_barrier > said + 2; }));
  EXPECT_EQ(open(), 1u) << "nothing of it is in a binlog";
  clock_.Set("2026-11-21 03:00:01");
  ASSERT_TRUE(AwaitRun(1));
  EXPECT_EQ(Job().last_runs[0].result, JobRun::Result::kSame);
  EXPECT_TRUE(test::Eventually([&] { return open() == 0; }));
  EXPECT_TRUE(test::Eventually([&] {
    const std::string text = test::ReadFile(dir_ / "alarms.jsonl");
    return absl::StrContains(text, R"("keys":["shop.orders[2]"],"job":"nightly")");
  }));

  // A table of which a column cannot be compared is not the same.
  Unlogged("ALTER TABLE shop.items ADD note INT");
  clock_.Set("2026-11-22 03:00:01");
  ASSERT_TRUE(AwaitRun(2));
  EXPECT_EQ(Job().last_runs[0].result, JobRun::Result::kUnverified);
  EXPECT_THAT(Job().last_runs[0].detail, HasSubstr("shop.items: column note of shop.items on the "
                                                   "target is missing"));
  ASSERT_TRUE(test::Eventually([&] {
    const std::vector<std::string> all = Said();
    return std::find(all.begin(), all.end(), "unverified 2 schema") != all.end();
  }));
}

TEST_F(JobsTest, ARunThatIsStoppedGoesOnWhereItWas) {
  std::string values = "(0, 0)";
  for (int i = 1; i < 3000; ++i) absl::StrAppend(&values, ", (", i, ", ", i, ")");
  OnSource("CREATE TABLE shop.long_one (id INT PRIMARY KEY, v INT)");
  OnSource("INSERT INTO shop.long_one VALUES " + values);
  Unlogged("UPDATE shop.long_one SET v = -1 WHERE id IN (0, 2999)");
  const std::string job = "schedule = \"* * * * *\"\nchunk_rows = 50\nmax_rows_per_second = 400\n";
  Start(JobToml(job));
  ASSERT_TRUE(AwaitChecking());
  clock_.Set("2026-11-21 03:00:00");
  ASSERT_TRUE(test::Eventually([&] { return Job().rows > 200; }));
  // The next start comes while the run goes on: there is no second run.
  clock_.Set("2026-11-21 03:01:00");
  ASSERT_TRUE(test::Eventually([&] { return Job().missed == 1; }));
  daemon_->Stop(absl::Seconds(10));
  daemon_.reset();
  clock_.Set("2026-11-21 03:01:30");
  Start(JobToml("schedule = \"30 4 * * *\"\nchunk_rows = 50\n"));
  ASSERT_TRUE(AwaitRun(1));
  const JobRun run = Job().last_runs.back();
  EXPECT_EQ(run.number, 1u);
  EXPECT_EQ(run.result, JobRun::Result::kDiff);
  EXPECT_EQ(run.different, 2u);
  EXPECT_GE(run.rows, 3004u);
  EXPECT_LE(run.rows, 3054u);  // one chunk at most is read twice
  ASSERT_TRUE(AwaitSaid(1));
  EXPECT_THAT(Said().at(0), HasSubstr("shop.long_one[0]"));
  EXPECT_THAT(Said().at(0), HasSubstr("shop.long_one[2999]"));
}

}  // namespace
}  // namespace dcp::cmd
