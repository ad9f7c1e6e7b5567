// A storm: rows of a large table differ by the hundred thousand within a minute. What is told of it
// is little and exact, the memory stays bounded, and nothing else waits for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/process_memory.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::test {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(5);
constexpr uint64_t kRowsPerSecond = 1'000'000 / 60;
// What dcp may have beside what differs: `memory`, itself, and what the allocator keeps.
constexpr uint64_t kMemory = 128, kMostMegabytes = kMemory + 192;
// A machine that does many other things, and a replica that writes a transaction of a million rows.
constexpr absl::Duration kLongestCalm = absl::Minutes(2);

// The short form's; DCP_TEST_ROWS tells another number.
uint64_t Rows() { return test::NumberFromEnvironment("DCP_TEST_ROWS").value_or(50'000); }

absl::Duration Patience(uint64_t rows) {
  return absl::Seconds(120) + absl::Microseconds(2000) * static_cast<double>(rows);
}

// However slow the machine, nothing is late.
std::string PatientCheck(const std::string& name, const std::string& source,
                         const std::string& target) {
  return absl::StrCat("[[check]]\nname = \"", name, "\"\nsource = \"", source, "\"\ntargets = [\"",
                      target, "\"]\ntimeout = \"24h\"\n");
}

bool IsOf(const Alarm& alarm, const std::string& check, const char* type) {
  return alarm["check"] == check && alarm["type"] == type;
}

std::vector<Alarm> Select(const std::vector<Alarm>& alarms, const std::string& check,
                          const char* type) {
  std::vector<Alarm> some;
  for (const Alarm& alarm : alarms) {
    if (IsOf(alarm, check, type)) some.push_back(alarm);
  }
  return some;
}

// With rows of their own: what touches what differs already is `diff` too.
std::vector<Alarm> NewDifferences(const std::vector<Alarm>& alarms) {
  std::vector<Alarm> some = Select(alarms, "storm", "diff");
  std::erase_if(some, [](const Alarm& alarm) { return alarm["diff_count"] == 0; });
  return some;
}

absl::Time TimeOf(const Alarm& alarm) {
  absl::Time at;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, alarm["at"].get<std::string>(), &at, nullptr));
  return at;
}

uint64_t Sum(const std::vector<Alarm>& alarms, const char* what) {
  uint64_t sum = 0;
  for (const Alarm& alarm : alarms) sum += alarm[what].get<uint64_t>();
  return sum;
}

uint64_t KeysOf(const std::vector<Alarm>& resolved) {
  uint64_t sum = 0;
  for (const Alarm& alarm : resolved) {
    EXPECT_LE(alarm["keys"].size(), 1000u);
    sum += alarm.value("key_count", uint64_t{alarm["keys"].size()});
  }
  return sum;
}

// Of each, or of what each was made of, as often as it is there.
std::multiset<std::string> IdsOf(const std::vector<Alarm>& alarms) {
  std::multiset<std::string> ids;
  for (const Alarm& alarm : alarms) {
    if (alarm.contains("merged")) {
      for (const std::string id : alarm["merged"]) ids.insert(id);
    } else {
      ids.insert(alarm["id"].get<std::string>());
    }
  }
  return ids;
}

// What a person who waits for the verdicts of the check "calm" gets of them, from its making on.
class CalmWatch {
 public:
  explicit CalmWatch(std::string path) : path_(std::move(path)), thread_([this] { Watch(); }) {}
  ~CalmWatch() {
    stop_ = true;
    thread_.join();
  }
  // The longest time without one.
  absl::Duration longest() const { return absl::Milliseconds(longest_.load()); }
  int64_t seen() const { return seen_; }

 private:
  void Watch() {
    std::ifstream file(path_);
    absl::Duration before = Clock::Real().Monotonic();
    for (std::string line; !stop_; Pause(absl::Milliseconds(10))) {
      for (std::string piece; std::getline(file, piece); line.clear()) {
        line += piece;
        if (file.eof()) break;  // it is not whole yet
        if (!IsOf(Alarm::parse(line), "calm", "same")) continue;
        ++seen_;
        Note(std::exchange(before, Clock::Real().Monotonic()));
      }
      file.clear();
      Note(before);
    }
  }
  void Note(absl::Duration since) {
    const int64_t waited = (Clock::Real().Monotonic() - since) / absl::Milliseconds(1);
    longest_ = std::max<int64_t>(longest_, waited);
  }

  const std::string path_;
  std::atomic<int64_t> longest_ = 0, seen_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

struct StormCase {
  const char* name;
  uint64_t transactions;
  // While it differs. In one transaction: with its change, as a segment is in memory whole while
  // it is judged.
  uint64_t most_bytes_per_row;
};

class StormTest : public ::testing::TestWithParam<StormCase> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMysql97)));
    ASSERT_OK(pair_->source().Execute(absl::StrCat(
        "CREATE DATABASE shop; CREATE TABLE shop.big (id INT PRIMARY KEY, v INT, note "
        "VARCHAR(100)); CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT);"
        "INSERT INTO shop.orders VALUES (1, 0); SET SESSION cte_max_recursion_depth = ",
        rows_ + 1,
        "; INSERT INTO shop.big WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s "
        "WHERE n < ",
        rows_ - 1, ") SELECT n, 0, CONCAT('note ', n) FROM s")));
    ASSERT_OK(pair_->WaitForReplica(Patience(rows_)));
    dcp_ = DcpProcess::Prepare(Config(), absl::StrCat("memory = \"", kMemory, "MiB\"\n"));
    ASSERT_OK(dcp_->StartAgain());
    for (const std::string check : {"storm", "calm"}) {
      ASSERT_OK(dcp_->Await([&](const Alarm& alarm) { return IsOf(alarm, check, "same"); }, 0,
                            Patience(rows_)));
    }
    began_ = Clock::Real().Monotonic();
  }

  std::string Config() const {
    const std::vector<TagToml> source = {{"src", "shop.big"}, {"calm_src", "shop.orders"}};
    const std::vector<TagToml> replica = {{"dst", "shop.big"}, {"calm_dst", "shop.orders"}};
    return absl::StrCat(
        BarrierToml(pair_->source()), CollectorToml("source", 4301, pair_->source(), source),
        CollectorToml("replica", 4302, pair_->replica(), replica),
        PatientCheck("storm", "src", "dst"), PatientCheck("calm", "calm_src", "calm_dst"),
        "[[alarm]]\ntype = \"webhook\"\nurl = \"", receiver_.Url(), "\"\nmin_interval = \"",
        absl::FormatDuration(kWindow), "\"\n");
  }

  // Every row of the large table on the replica, a million a minute; the other table on both sides.
  void Storm(const std::string& assignment) {
    const uint64_t each = rows_ / GetParam().transactions;
    const absl::Duration start = Clock::Real().Monotonic();
    for (uint64_t first = 0; first < rows_; first += each) {
      ASSERT_OK(pair_->replica().Execute(absl::StrCat(
          "UPDATE shop.big SET ", assignment, " WHERE id >= ", first, " AND id < ", first + each)));
      ASSERT_OK(pair_->source().Execute("UPDATE shop.orders SET v = v + 1"));
      const absl::Duration due =
          start + absl::Seconds(1) * (static_cast<double>(first + each) / kRowsPerSecond);
      Pause(std::max(absl::ZeroDuration(), due - Clock::Real().Monotonic()));
    }
  }

  // Waits until all of it is judged, first of the check that has nothing to do with it.
  void AwaitJudged() {
    for (const char* check : {"calm", "storm"}) {
      ASSERT_OK(dcp_->AwaitJudged(pair_->source(), check, Patience(rows_)));
      std::cout << GetParam().name << ": " << check << " judged after "
                << Clock::Real().Monotonic() - began_ << ", " << Resident("VmRSS:")
                << " MiB resident, at most " << Resident("VmHWM:") << "\n";
    }
  }
  uint64_t Resident(const char* what) const { return KilobytesOf(dcp_->pid(), what) / 1024; }

  std::vector<Alarm> Delivered() const {
    std::vector<Alarm> alarms;
    for (const auto& taken : receiver_.Taken()) {
      alarms.push_back(ParseAlarm(taken["body"].get<std::string>()));
    }
    return alarms;
  }

  // Each of `said` came, alone or in one that was made of several: of these one each window.
  void ExpectDelivered(const std::vector<Alarm>& said,
                       std::vector<Alarm> (*select)(const std::vector<Alarm>&)) {
    std::vector<Alarm> came;
    const auto all_came = [&] {
      Pause(absl::Milliseconds(100));
      came = select(Delivered());
      return IdsOf(came).size() >= said.size();
    };
    ASSERT_TRUE(Eventually(all_came, absl::Minutes(5))) << dcp_->log();
    EXPECT_EQ(IdsOf(came), IdsOf(said));
    const auto windows = (Clock::Real().Monotonic() - began_) / kWindow;
    EXPECT_LE(came.size(), static_cast<size_t>(windows) + 2);
    std::cout << GetParam().name << ": " << said.size() << " alarms came as " << came.size()
              << "\n";
  }

  // The files of the differences name each row once.
  void ExpectFilesWhole(const std::vector<Alarm>& said) {
    std::vector<bool> seen(rows_);
    uint64_t lines = 0;
    for (const Alarm& alarm : said) {
      std::ifstream file(alarm["diff_file"].get<std::string>());
      uint64_t of_file = 0;
      for (std::string line; std::getline(file, line); ++of_file) {
        const Alarm row = Alarm::parse(line);
        ASSERT_EQ(row["kind"], "extra") << line;
        const uint64_t id = row["key"][0];
        ASSERT_LT(id, rows_);
        EXPECT_FALSE(seen[id]) << line;
        seen[id] = true;
      }
      EXPECT_EQ(of_file, alarm["diff_count"].get<uint64_t>());
      lines += of_file;
    }
    EXPECT_EQ(lines, rows_);
  }

  // The verdicts of a check that has nothing to do with it go on, without a hole.
  void ExpectCalm(const std::vector<Alarm>& storm) {
    uint64_t meanwhile = 0;
    for (const Alarm& alarm : Select(dcp_->alarms(), "calm", "same")) {
      const absl::Time at = TimeOf(alarm);
      if (at > TimeOf(storm.front()) && at < TimeOf(storm.back())) ++meanwhile;
    }
    if (GetParam().transactions > 1) {
      EXPECT_GE(meanwhile, 5u);
    }
    EXPECT_GT(ExpectOnlySame(*dcp_, "calm").verdicts, 10u);
  }

  std::string DiffsCommand(const std::string& command) {
    const auto result = RunDcp({"diffs", command, "--json", "--dir", dcp_->dir() / "state"});
    EXPECT_OK(result);
    return result.value_or(ProgramResult()).output;
  }

  const uint64_t rows_ = Rows();
  const test::TestDir scratch_{"dcp-test-alarm"};
  const alarm::Receiver receiver_{scratch_.path(), {}};
  ReplicaPair* pair_ = nullptr;
  std::unique_ptr<DcpProcess> dcp_;
  absl::Duration began_;
};

TEST_P(StormTest, IsToldInFewAlarmsAndHoldsUpNothing) {
  const CalmWatch calm(dcp_->dir() / "alarms.jsonl");
  ASSERT_NO_FATAL_FAILURE(Storm("v = v + 1"));
  ASSERT_NO_FATAL_FAILURE(AwaitJudged());
  const std::vector<Alarm> said = NewDifferences(dcp_->alarms());
  EXPECT_EQ(Sum(said, "diff_count"), rows_);
  for (const Alarm& alarm : said) {
    EXPECT_EQ(alarm["tables"], Alarm({{"shop.big", alarm["diff_count"]}}));
    EXPECT_EQ(alarm["common"]["kind"], "extra");
  }
  ASSERT_NO_FATAL_FAILURE(ExpectDelivered(said, NewDifferences));
  EXPECT_EQ(Sum(NewDifferences(Delivered()), "diff_count"), rows_);
  ASSERT_NO_FATAL_FAILURE(ExpectFilesWhole(said));

  ASSERT_NO_FATAL_FAILURE(Storm("v = v - 1"));
  ASSERT_NO_FATAL_FAILURE(AwaitJudged());
  const auto resolved = [](const std::vector<Alarm>& all) {
    return Select(all, "storm", "resolved");
  };
  const std::vector<Alarm> ends = resolved(dcp_->alarms());
  EXPECT_EQ(KeysOf(ends), rows_);
  std::multiset<std::string> ended;
  for (const Alarm& alarm : ends) {
    for (const std::string id : alarm["resolves"]) ended.insert(id);
  }
  EXPECT_EQ(ended, IdsOf(said));
  ASSERT_NO_FATAL_FAILURE(ExpectDelivered(ends, resolved));
  EXPECT_EQ(KeysOf(resolved(Delivered())), rows_);

  ExpectCalm(said);
  std::cout << GetParam().name << ": " << calm.longest() << " without a verdict of the other check "
            << "at most, " << calm.seen() << " came\n";
  EXPECT_LT(calm.longest(), kLongestCalm);
  // They are stored in parts, behind their alarm.
  EXPECT_TRUE(Eventually([&] { return DiffsCommand("list").empty(); }, absl::Minutes(5)));
  EXPECT_LT(Resident("VmHWM:"),
            kMostMegabytes + rows_ * GetParam().most_bytes_per_row / 1024 / 1024);
  ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
  EXPECT_EQ(status, 0) << dcp_->log();
}

INSTANTIATE_TEST_SUITE_P(, StormTest,
                         ::testing::Values(StormCase{"ManyTransactions", 50, 512},
                                           StormCase{"OneTransaction", 1, 640}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::test
