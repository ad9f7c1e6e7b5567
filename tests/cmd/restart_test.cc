// A daemon that is killed again and again says what one beside it says that is left alone: each
// verdict, each difference, each end of one, under the same ids; and each of them at least once to
// its sinks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

// The short form's, for each case; DCP_TEST_KILLS tells another number.
constexpr int kKills = 7;

int Kills() {
  int kills = kKills;
  const char* text = std::getenv("DCP_TEST_KILLS");
  if (text != nullptr && !absl::SimpleAtoi(text, &kills)) ADD_FAILURE() << "DCP_TEST_KILLS";
  return kills;
}

struct RestartCase {
  const char* name;
  Flavour flavour;
  const char* check;  // more lines for [[check]]
};

// Writes on both sides: the source's, which the replica follows, and now and then one of the
// replica's own, which differs until the source writes the row again.
class Writers {
 public:
  Writers(ReplicaPair& pair, uint64_t seed) : pair_(pair), seed_(seed) {
    threads_.emplace_back([this] { Write(pair_.source(), 1, 5, 2); });
    threads_.emplace_back([this] { Write(pair_.source(), 2, 5, 2); });
    threads_.emplace_back([this] { Write(pair_.replica(), 3, 400, 1); });
  }
  ~Writers() { Stop(); }

  // Ends them; the number of transactions that they wrote.
  uint64_t Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return written_;
  }

 private:
  void Write(MysqlServer& server, uint32_t salt, int pause_ms, int most_rows) {
    std::mt19937_64 random(seed_ + salt);
    auto session = server.Connect();
    ASSERT_OK(session);
    while (!stop_) {
      std::string sql = "BEGIN";
      const uint64_t rows = 1 + random() % static_cast<uint64_t>(most_rows);
      for (uint64_t i = 0; i < rows; ++i) absl::StrAppend(&sql, "; ", Statement(random));
      // Writers meet in the same rows: one may be told to begin again.
      if ((*session)->Execute(sql + "; COMMIT").ok()) {
        ++written_;
      } else {
        (*session)->Execute("ROLLBACK").IgnoreError();
      }
      Pause(absl::Milliseconds(pause_ms));
    }
  }

  static std::string Statement(std::mt19937_64& random) {
    const uint64_t id = random() % 60;
    const uint64_t value = random() % 1000;
    switch (random() % 4) {
      case 0:
        return absl::StrCat("DELETE FROM shop.orders WHERE id = ", id);
      case 1:
        return absl::StrCat("UPDATE shop.orders SET v = ", value, " WHERE id = ", id);
      default:
        return absl::StrCat("REPLACE INTO shop.orders VALUES (", id, ", ", value, ")");
    }
  }

  ReplicaPair& pair_;
  const uint64_t seed_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> written_{0};
  std::vector<std::thread> threads_;
};

// What is the same however often the check was cut off: all but when it was said.
std::string Timeless(Alarm alarm) {
  alarm.erase("at");
  alarm.erase("late");
  return alarm.dump();
}

uint64_t Barrier(const Alarm& alarm, const char* key) { return alarm[key].get<uint64_t>(); }

// By id, of the segments between two barriers; an alarm that came again is the same.
std::map<std::string, std::string> AlarmsOf(const DcpProcess& dcp, uint64_t from, uint64_t to) {
  std::map<std::string, std::string> alarms;
  for (const Alarm& alarm : dcp.alarms()) {
    if (alarm["type"] == "timeout" || Barrier(alarm, "from") < from || Barrier(alarm, "to") > to) {
      continue;
    }
    const auto [it, inserted] = alarms.emplace(alarm["id"], Timeless(alarm));
    EXPECT_TRUE(inserted || it->second == Timeless(alarm)) << it->second << Timeless(alarm);
  }
  return alarms;
}

// What is in `a` and not in `b`, a line each.
std::string Difference(const std::map<std::string, std::string>& a,
                       const std::map<std::string, std::string>& b) {
  std::string lines;
  for (const auto& [id, alarm] : a) {
    const auto other = b.find(id);
    if (other == b.end() || other->second != alarm) absl::StrAppend(&lines, alarm, "\n");
  }
  return lines;
}

uint64_t FirstBarrier(const DcpProcess& dcp) {
  for (const Alarm& alarm : dcp.alarms()) {
    if (IsVerdict(alarm)) return Barrier(alarm, "from");
  }
  return 0;
}

class RestartTest : public ::testing::TestWithParam<RestartCase> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam().flavour)));
    MakeTable();
    // The replica's own writes are no reason to stop replicating.
    const bool mariadb_words = GetParam().flavour != Flavour::kMysql97;
    ASSERT_OK(pair_->replica().Execute(mariadb_words
                                           ? "SET GLOBAL slave_exec_mode = IDEMPOTENT"
                                           : "SET GLOBAL replica_exec_mode = IDEMPOTENT"));
    ASSERT_OK(pair_->StopReplication());
    ASSERT_OK(pair_->StartReplication());
  }

  void MakeTable() {
    ASSERT_OK(pair_->source().Execute("CREATE DATABASE shop"));
    ASSERT_OK(pair_->source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT)"));
    ASSERT_OK(pair_->WaitForReplica());
  }

  // The same check, without reading rows: when that is done changes what is found.
  std::string Config(int server_id) {
    return absl::StrCat(CollectorToml("source", server_id, pair_->source(), {{.tag = "src"}}),
                        CollectorToml("replica", server_id + 1, pair_->replica(), {{.tag = "dst"}}),
                        CheckToml("orders", "src", "dst", "confirm = false\n"), GetParam().check);
  }

  ReplicaPair* pair_ = nullptr;
};

TEST_P(RestartTest, AKilledDaemonSaysWhatAnotherOneSays) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  ASSERT_OK_AND_ASSIGN(const auto calm,
                       DcpProcess::Start(absl::StrCat(BarrierToml(pair_->source()), Config(4301))));
  ASSERT_OK_AND_ASSIGN(const auto killed, DcpProcess::Start(Config(4311)));
  // Both see all that differs from its beginning.
  ASSERT_OK(calm->Await(OfType("same")));
  ASSERT_OK(killed->Await(OfType("same")));
  Writers writers(*pair_, seed);
  for (int i = 0; i < Kills(); ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random() % 1500)));
    ASSERT_OK(killed->KillAndRestart());
  }
  EXPECT_GT(writers.Stop(), 100u);
  ASSERT_OK(calm->AwaitJudged(pair_->source(), "orders"));
  uint64_t last = 0;
  for (const Alarm& alarm : calm->alarms()) {
    if (IsVerdict(alarm)) last = Barrier(alarm, "to");
  }
  const auto reached = [&](const Alarm& alarm) {
    return IsVerdict(alarm) && Barrier(alarm, "to") > last;
  };
  ASSERT_OK(killed->Await(reached));
  const uint64_t first = std::max(FirstBarrier(*calm), FirstBarrier(*killed));
  const auto expected = AlarmsOf(*calm, first, last);
  const auto said = AlarmsOf(*killed, first, last);
  EXPECT_EQ(Difference(expected, said), "");
  EXPECT_EQ(Difference(said, expected), "") << killed->log();
  EXPECT_GT(expected.size(), 20u);
}

// Not on MySQL 5.6 by position, which tells no server apart.
class NewServersTest : public RestartTest {};

// GTIDs and barriers have numbers again that they had before, and are not those.
TEST_P(NewServersTest, ServersThatWereMadeAnewMeanwhileAreANewEpoch) {
  ASSERT_OK_AND_ASSIGN(
      const auto dcp,
      DcpProcess::Start(absl::StrCat(BarrierToml(pair_->source()), Config(4321), "history = 1\n")));
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  ASSERT_OK(dcp->Await(DiffOf("extra", "shop.orders", "[1]")));
  // What is gone on from stands behind more than what the servers have at once when they are new.
  ASSERT_OK(dcp->Await([](const Alarm& alarm) { return Barrier(alarm, "to") > 40; }));
  ASSERT_OK(dcp->Stop());
  const size_t before = dcp->alarms().size();
  ASSERT_OK(pair_->Reset());
  MakeTable();
  ASSERT_OK(dcp->StartAgain());
  ASSERT_OK_AND_ASSIGN(const Alarm lost, dcp->Await(OfType("unverified"), before));
  ASSERT_OK(dcp->Await(OfType("same"), before));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (2, 1)"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, dcp->Await(DiffOf("extra", "shop.orders", "[2]"), before));
  EXPECT_EQ(diff["epoch"], 2) << lost << diff;
  std::set<std::string> ids;
  for (const Alarm& alarm : dcp->alarms()) {
    EXPECT_TRUE(ids.insert(alarm["id"]).second) << alarm;
  }
}

constexpr RestartCase kMysql97{"Mysql97", Flavour::kMysql97, ""};
constexpr RestartCase kMysql97ByBarriers{"Mysql97ByBarriers", Flavour::kMysql97,
                                         "align = \"barrier\"\n"};
constexpr RestartCase kMariaDb{"MariaDb", Flavour::kMariaDb, ""};
constexpr RestartCase kMysql56{"Mysql56", Flavour::kMysql56, ""};

std::string NameOf(const ::testing::TestParamInfo<RestartCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(, RestartTest,
                         ::testing::Values(kMysql97, kMysql97ByBarriers, kMariaDb, kMysql56),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(, NewServersTest,
                         ::testing::Values(kMysql97, kMysql97ByBarriers, kMariaDb), NameOf);

}  // namespace
}  // namespace dcp::test
