// Two daemons with [ha], of which the active one is killed, frozen and cut off again and again:
// together they say what one beside them says that is left alone, and never do two of them write
// barriers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/said.h"
#include "tests/servers/fault_proxy.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;

// The short form's; DCP_TEST_TAKEOVERS tells another number.
constexpr uint64_t kTakeovers = 3;
constexpr absl::Duration kPatience = absl::Minutes(2);

uint64_t Takeovers() {
  return test::NumberFromEnvironment("DCP_TEST_TAKEOVERS").value_or(kTakeovers);
}

enum class Blow { kKill, kFreeze, kCutOff };
constexpr std::array kBlows = {Blow::kKill, Blow::kFreeze, Blow::kCutOff};

// One of the two, and its ways to the servers.
class Host {
 public:
  // `second`: a barrier row that it writes too.
  Host(std::string name, ReplicaPair& pair, bool second)
      : name_(std::move(name)), pair_(pair), second_(second) {}
  ~Host() {
    if (dcp_ != nullptr && dcp_->running()) kill(dcp_->pid(), SIGCONT);
  }

  void Start(int server_id, const std::string& check, const std::string& interval) {
    ASSERT_OK_AND_ASSIGN(source_, FaultProxy::Start(pair_.source().port()));
    ASSERT_OK_AND_ASSIGN(replica_, FaultProxy::Start(pair_.replica().port()));
    const std::string direct = absl::StrCat(
        "[ha]\nname = \"", name_, "\"\n", Barrier(1, interval), second_ ? Barrier(2, interval) : "",
        CollectorToml("source", server_id, pair_.source(), {{.tag = "src"}}),
        CollectorToml("replica", server_id + 1, pair_.replica(), {{.tag = "dst"}}), check);
    ASSERT_OK_AND_ASSIGN(dcp_,
                         DcpProcess::Start(absl::StrReplaceAll(
                             direct, {{Port(pair_.source().port()), Port(source_->port())},
                                      {Port(pair_.replica().port()), Port(replica_->port())}})));
  }

  void Strike(Blow blow) {
    switch (blow) {
      case Blow::kKill:
        kill(dcp_->pid(), SIGKILL);
        return;
      case Blow::kFreeze:
        ASSERT_EQ(kill(dcp_->pid(), SIGSTOP), 0);
        return;
      case Blow::kCutOff:
        source_->Stall();
        replica_->Stall();
        return;
    }
  }

  // What Strike() did is over.
  void Mend(Blow blow) {
    if (blow == Blow::kKill) {
      ASSERT_OK(dcp_->KillAndRestart());
    } else if (blow == Blow::kFreeze) {
      ASSERT_EQ(kill(dcp_->pid(), SIGCONT), 0);
    } else {
      source_->Heal();
      replica_->Heal();
    }
  }

  // What it takes itself for.
  bool IsActive() const {
    const std::string log = dcp_->log();
    const size_t active = log.rfind("is active, epoch"), standby = log.rfind("is standby: waits");
    return active != std::string::npos && (standby == std::string::npos || standby < active);
  }

  const std::string& name() const { return name_; }
  DcpProcess& dcp() { return *dcp_; }

 private:
  std::string Barrier(int id, const std::string& interval) const {
    return absl::StrCat("[[barrier]]\ninterval = \"", interval, "\"\nid = ", id, "\n",
                        ConnectionToml(pair_.source()));
  }
  static std::string Port(uint16_t port) { return absl::StrCat("port = ", port, "\n"); }

  const std::string name_;
  ReplicaPair& pair_;
  const bool second_;
  std::unique_ptr<FaultProxy> source_, replica_;
  std::unique_ptr<DcpProcess> dcp_;
};

class TakeoverTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam())));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, GetParam()));
    a_.emplace("a", *pair_, Second());
    b_.emplace("b", *pair_, Second());
  }

  // One row has nothing but its own epoch to tell a daemon that another one is active.
  static bool Second() { return GetParam() == Flavour::kMariaDb; }

  // Without reading rows: when that is done changes what is found.
  static std::string Check() {
    return CheckToml("orders", "src", "dst", "confirm = false\nbarrier_id = 1\n");
  }

  std::string Value(const std::string& sql) {
    const auto value = pair_->source().QueryValue(sql);
    return value.ok() ? *value : "";
  }
  uint64_t Offset() {
    const std::string text = Value("SELECT `offset` FROM drc.barrier WHERE id = 1");
    return text.empty() ? 0 : std::stoull(text);
  }
  Host& Active() {
    return Value("SELECT name FROM drc.dcp_leader WHERE id = 1") == "a" ? *a_ : *b_;
  }
  Host& Other(const Host& host) { return host.name() == "a" ? *b_ : *a_; }

  // Each knows what it is. (On a slow machine a lease may run out by itself.)
  void AwaitSettled() {
    ASSERT_TRUE(Eventually(
        [&] {
          const std::string active = Active().name();
          return a_->IsActive() == (active == "a") && b_->IsActive() == (active == "b");
        },
        kPatience))
        << a_->dcp().log() << b_->dcp().log();
  }

  // Both run, and have something to go on from.
  void StartBoth(const std::string& interval) {
    ASSERT_NO_FATAL_FAILURE(a_->Start(4401, Check(), interval));
    ASSERT_OK(a_->dcp().Await(OfType("same")));
    ASSERT_NO_FATAL_FAILURE(b_->Start(4411, Check(), interval));
    ASSERT_NO_FATAL_FAILURE(AwaitSettled());
    ASSERT_TRUE(Eventually([&] { return Value("SELECT 1 FROM drc.dcp_handover LIMIT 1") == "1"; },
                           kPatience));
  }

  // By whichever is active.
  void AwaitVerdictBehind(uint64_t barrier) {
    const auto said = [&](Host& host) {
      return LastBarrier(host.dcp().alarms(), "orders") > barrier;
    };
    ASSERT_TRUE(Eventually([&] { return said(*a_) || said(*b_); }, kPatience))
        << a_->dcp().log() << b_->dcp().log();
  }

  // `longest`: how long nobody wrote barriers.
  void TakeOver(Blow blow, absl::Duration* longest) {
    Host& active = Active();
    Host& other = Other(active);
    active.Strike(blow);
    const absl::Duration since = Clock::Real().Monotonic();
    ASSERT_TRUE(Eventually([&] { return Active().name() == other.name(); }, kPatience))
        << other.dcp().log() << active.dcp().log();
    *longest = std::max(*longest, Clock::Real().Monotonic() - since);
    // It is behind what the two of them had written.
    ASSERT_NO_FATAL_FAILURE(AwaitVerdictBehind(Offset()));
    ASSERT_NO_FATAL_FAILURE(active.Mend(blow));
    AwaitSettled();
  }

  // Each alarm that one of them said, by id. What both said has to be the same.
  std::map<std::string, std::string> Union(uint64_t from, uint64_t to) {
    std::map<std::string, std::string> all;
    for (Host* host : {&*a_, &*b_}) {
      const std::string dir = host->dcp().dir().path();
      for (const Alarm& alarm : host->dcp().alarms()) {
        if (alarm["type"] == "timeout" || BarrierOf(alarm, "from") < from ||
            BarrierOf(alarm, "to") > to) {
          continue;
        }
        const std::string text = Timeless(alarm, dir);
        const auto [it, inserted] = all.emplace(alarm["id"], text);
        EXPECT_TRUE(inserted || it->second == text) << it->second << "\n" << text;
      }
    }
    return all;
  }

  void ExpectWhatIsSaidBy(DcpProcess& calm) {
    const uint64_t from =
        std::max(FirstBarrier(calm.alarms(), "orders"), FirstBarrier(a_->dcp().alarms(), "orders"));
    const uint64_t to = LastBarrier(calm.alarms(), "orders");
    ASSERT_NO_FATAL_FAILURE(AwaitVerdictBehind(to));
    const std::vector<std::string> said =
        SaidOf(calm.alarms(), calm.dir().path(), "orders", from, to);
    std::set<std::string> wanted(said.begin(), said.end()), told;
    for (const auto& [id, text] : Union(from, to)) told.insert(text);
    for (const std::string& text : wanted) EXPECT_TRUE(told.contains(text)) << "not said: " << text;
    for (const std::string& text : told) EXPECT_TRUE(wanted.contains(text)) << "said: " << text;
    EXPECT_GT(wanted.size(), 10u);
  }

  // Alarms that came to the file of one daemon again.
  static size_t Repeated(Host& host) {
    std::set<std::string> ids;
    size_t repeated = 0;
    for (const Alarm& alarm : host.dcp().alarms()) {
      if (!ids.insert(alarm["id"].get<std::string>()).second) ++repeated;
    }
    return repeated;
  }

  struct Row {
    std::string gtid;  // that wrote the leader's row last
    uint64_t epoch = 0, offset = 0;
  };

  // From the source's binlog: each barrier is one more than the one before, written with its
  // epoch in the same transaction; epochs never go back, and each is one daemon's.
  void ExpectOneWriter(uint64_t* epochs) {
    WriteFile(a_->dcp().dir() / "password", "dcp");
    ASSERT_OK_AND_ASSIGN(
        const ProgramResult read,
        RunDcp({"binlog", "--host", "127.0.0.1", "--port", absl::StrCat(pair_->source().port()),
                "--user", "dcp", "--password-file", a_->dcp().dir() / "password", "--until-now",
                "--table", "drc.barrier", "--table", "drc.dcp_leader"}));
    ASSERT_EQ(read.exit_code, 0) << read.output;
    std::istringstream lines(read.output);
    std::map<uint64_t, Row> rows;  // by the barrier row's id
    std::map<uint64_t, std::string> names;
    for (std::string line; std::getline(lines, line);) {
      const Alarm change = Alarm::parse(line);
      Row& row = rows[change["row"][0].get<uint64_t>()];
      if (change["table"] == "drc.dcp_leader") {
        row.gtid = change["gtid"];
        const uint64_t epoch = change["row"][1], before = std::exchange(row.epoch, epoch);
        const std::string name = change["row"][4];
        ASSERT_GE(epoch, before) << line;
        if (name.empty()) continue;  // given back
        ASSERT_EQ(names.emplace(epoch, name).first->second, name) << line;
      } else if (change["op"] == "UPDATE") {
        ASSERT_EQ(change["row"][1], ++row.offset) << line;
        ASSERT_EQ(change["gtid"], row.gtid) << "a barrier without its epoch: " << line;
      }
    }
    EXPECT_GT(rows[1].offset, 0u);
    EXPECT_EQ(rows[2].offset > 0, Second());
    *epochs = names.size();
  }

  ReplicaPair* pair_ = nullptr;
  std::optional<Host> a_, b_;
};

TEST_P(TakeoverTest, TwoDaemonsInTurnSayWhatOneSays) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  ASSERT_NO_FATAL_FAILURE(StartBoth("500ms"));
  ASSERT_OK_AND_ASSIGN(
      const auto calm,
      DcpProcess::Start(absl::StrCat(
          CollectorToml("source", 4421, pair_->source(), {{.tag = "src"}}),
          CollectorToml("replica", 4422, pair_->replica(), {{.tag = "dst"}}), Check())));
  ASSERT_OK(calm->Await(OfType("same")));
  OrderWriters writers(*pair_, seed);
  absl::Duration longest;
  size_t kills = 0;
  for (uint64_t i = 0; i < Takeovers() && !HasFatalFailure(); ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random() % 1500)));
    const Blow blow = kBlows[static_cast<size_t>(i) % kBlows.size()];
    kills += blow == Blow::kKill ? 1 : 0;
    TakeOver(blow, &longest);
  }
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_GT(writers.Stop(), 100u);
  RecordProperty("longest_ms", absl::StrCat(absl::ToInt64Milliseconds(longest)));
  ASSERT_OK(calm->AwaitJudged(pair_->source(), "orders"));
  ExpectWhatIsSaidBy(*calm);
  // A killed daemon may have had alarms under way.
  EXPECT_LE(Repeated(*a_) + Repeated(*b_), 16 * kills);
  uint64_t epochs = 0;
  ExpectOneWriter(&epochs);
  EXPECT_GE(epochs, Takeovers() + 1);
}

// With a lease that no machine is too slow for.
class HandoverTest : public TakeoverTest {};

TEST_P(HandoverTest, ADaemonThatStopsHandsOverAtOnce) {
  ASSERT_NO_FATAL_FAILURE(StartBoth("3s"));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, a_->dcp().Await(DiffOf("extra", "shop.orders", "[1]")));
  ASSERT_OK_AND_ASSIGN(const int status, a_->dcp().Stop());
  EXPECT_EQ(status, 0);
  EXPECT_THAT(a_->dcp().log(), HasSubstr("the lease is given back"));
  ASSERT_NO_FATAL_FAILURE(AwaitVerdictBehind(Offset()));
  // What was said is not said again, and what it found ends here.
  ASSERT_OK(pair_->source().Execute("REPLACE INTO shop.orders VALUES (1, 2)"));
  ASSERT_OK_AND_ASSIGN(const Alarm resolved, b_->dcp().Await(OfType("resolved")));
  EXPECT_EQ(resolved["resolves"][0], diff["id"]);
  for (const Alarm& alarm : b_->dcp().alarms()) {
    EXPECT_NE(alarm["id"], diff["id"]) << alarm;
    EXPECT_NE(alarm["type"], "unverified") << alarm;
  }
}

std::string NameOf(const ::testing::TestParamInfo<Flavour>& info) {
  return info.param == Flavour::kMysql97 ? "Mysql97" : "MariaDb";
}

INSTANTIATE_TEST_SUITE_P(, HandoverTest, ::testing::Values(Flavour::kMysql97), NameOf);
INSTANTIATE_TEST_SUITE_P(, TakeoverTest, ::testing::Values(Flavour::kMysql97, Flavour::kMariaDb),
                         NameOf);

}  // namespace
}  // namespace dcp::test
