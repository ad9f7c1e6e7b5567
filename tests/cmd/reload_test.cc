// A configuration that changes while dcp runs: taken up without a verdict lost or said twice, and
// not at all where it cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/listeners.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/program.h"
#include "tests/cmd/said.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kReloads = 4;
constexpr char kAdmin[] = "0123456789abcdef0123";

class ReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMysql97)));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, Flavour::kMysql97));
  }

  std::string Config(int server_id, const std::string& more = "") {
    return absl::StrCat(CollectorToml("source", server_id, pair_->source(), {{.tag = "src"}}),
                        CollectorToml("replica", server_id + 1, pair_->replica(), {{.tag = "dst"}}),
                        CheckToml("orders", "src", "dst", "confirm = false\n"), more);
  }
  void Start(const std::string& more = "") {
    ASSERT_OK_AND_ASSIGN(
        dcp_, DcpProcess::Start(absl::StrCat(BarrierToml(pair_->source()), Config(4401, more),
                                             "[http]\nlisten = \"", http_, "\"\n"),
                                {absl::StrCat("ADMIN=", kAdmin)}));
    ASSERT_OK(dcp_->Await(OfType("same")));
  }

  std::string File() const { return dcp_->dir() / "dcp.toml"; }
  // By rename, as editors do.
  void Write(const std::string& config) {
    WriteFile(File() + ".new", config);
    ASSERT_EQ(std::rename((File() + ".new").c_str(), File().c_str()), 0);
  }
  void Replace(const std::string& from, const std::string& to) {
    const std::string config = ReadFile(File());
    ASSERT_THAT(config, HasSubstr(from));
    Write(absl::StrReplaceAll(config, {{from, to}}));
  }
  void AwaitLog(const std::string& text, size_t from = 0) {
    ASSERT_TRUE(Eventually([&] { return absl::StrContains(dcp_->log().substr(from), text); }))
        << text << " is not in:\n"
        << dcp_->log();
  }
  void Hup() { ASSERT_EQ(kill(dcp_->pid(), SIGHUP), 0); }
  // Something new is judged.
  void ExpectGoesOn(const std::string& check = "orders") {
    ASSERT_OK(dcp_->AwaitJudged(pair_->source(), check));
  }
  std::string Metrics() {
    return HttpGet(static_cast<uint16_t>(std::stoi(http_.substr(http_.find(':') + 1))), "/metrics");
  }

  ReplicaPair* pair_ = nullptr;
  const std::string http_ = FreeAddress();
  std::unique_ptr<DcpProcess> dcp_;
};

TEST_F(ReloadTest, VerdictsAreThoseOfADaemonThatIsLeftAlone) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  ASSERT_OK_AND_ASSIGN(const auto calm, DcpProcess::Start(Config(4411)));
  Start();
  ASSERT_OK(calm->Await(OfType("same")));
  OrderWriters writers(*pair_, seed);
  for (int i = 0; i < kReloads; ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random() % 1000)));
    const size_t log_before = dcp_->log().size();
    Replace(absl::StrCat("timeout = \"6", i, "s\""), absl::StrCat("timeout = \"6", i + 1, "s\""));
    if (i % 2 == 0) Hup();  // else the file is noticed by itself
    AwaitLog("reload: done", log_before);
  }
  EXPECT_GT(writers.Stop(), 20u);
  ASSERT_OK(calm->AwaitJudged(pair_->source(), "orders"));
  const uint64_t last = LastBarrier(calm->alarms(), "orders");
  ASSERT_OK(dcp_->Await(
      [&](const Alarm& alarm) { return IsVerdict(alarm) && BarrierOf(alarm, "to") > last; }));
  EXPECT_GT(ExpectTheSameSaid(*calm, *dcp_, "orders"), 5u) << dcp_->log();
}

TEST_F(ReloadTest, ChecksAndSinksComeAndGo) {
  Start();
  ASSERT_OK(pair_->source().Execute("CREATE TABLE shop.users (id INT PRIMARY KEY)"));
  Replace("[http]", absl::StrCat(CheckToml("again", "src", "dst", "confirm = false\n"),
                                 "[[alarm]]\ntype = \"file\"\npath = \"", dcp_->dir() / "second",
                                 "\"\ntypes = [\"same\"]\n[http]"));
  AwaitLog("reload: changed: [[check]], [[alarm]]");
  AwaitLog("reload: done");
  ExpectGoesOn("again");
  ExpectGoesOn("orders");
  EXPECT_TRUE(Eventually([&] { return !ReadFile(dcp_->dir() / "second").empty(); }));
  EXPECT_THAT(Metrics(), HasSubstr("dcp_config_reloads_total 1\n"));

  const size_t log_before = dcp_->log().size();
  Replace(CheckToml("again", "src", "dst", "confirm = false\n"), "");
  AwaitLog("reload: done", log_before);
  EXPECT_THAT(Metrics(), Not(HasSubstr("check=\"again\"")));
  ExpectGoesOn("orders");
}

TEST_F(ReloadTest, ABadFileLeavesTheOldOneRunning) {
  Start();
  const std::string good = ReadFile(File());
  const auto refused = [&](const std::string& config, const std::string& why) {
    const size_t log_before = dcp_->log().size();
    Write(config);
    AwaitLog("dcp goes on with the old one", log_before);
    EXPECT_THAT(dcp_->log().substr(log_before), HasSubstr(why));
    EXPECT_THAT(Metrics(), HasSubstr("dcp_config_last_reload_successful 0\n"));
    ExpectGoesOn();
  };
  refused(good + "\n[[chekc]]\n", "did you mean 'check'");
  refused("this is not TOML", "dcp.toml:1:");
  refused(absl::StrReplaceAll(good, {{dcp_->dir() / "state", dcp_->dir() / "other"}}),
          "dir in [state] cannot be changed while dcp runs");
  refused(absl::StrReplaceAll(good, {{"user = \"dcp\"", "user = \"nobody\""}}), "nobody");
  refused(absl::StrCat("[ha]\nname = \"one\"\n",
                       absl::StrReplaceAll(good, {{"interval = \"100ms\"", "interval = \"1s\""}})),
          "[ha]");
  // An address that is taken, and one file that cannot be written, which only the start finds out.
  ASSERT_OK_AND_ASSIGN(const auto taken, Listeners::Open("127.0.0.1:0"));
  refused(absl::StrReplaceAll(good, {{http_, absl::StrCat("127.0.0.1:", taken->port())}}),
          "in use");
  refused(absl::StrCat(good, "\n[[alarm]]\ntype = \"file\"\npath = \"/nonexistent/alarms\"\n"),
          "/nonexistent/alarms");
  // Nor is anything forgotten of what it does not have any more.
  refused(absl::StrCat(absl::StrReplaceAll(good, {{"name = \"orders\"", "name = \"renamed\""}}),
                       "\n[[alarm]]\ntype = \"file\"\npath = \"/nonexistent/alarms\"\n"),
          "/nonexistent/alarms");
  EXPECT_THAT(dcp_->log(), Not(HasSubstr("not configured any more")));
  // And what it was before is nothing to do.
  const size_t log_before = dcp_->log().size();
  Write(good);
  AwaitLog("nothing was changed", log_before);
  EXPECT_THAT(Metrics(), HasSubstr("dcp_config_last_reload_successful 1\n"));
}

TEST_F(ReloadTest, TheLevelOfTheLogChangesWithoutARestart) {
  Start();
  Replace("[http]", "[log]\nlevel = \"error\"\n[http]");
  ASSERT_TRUE(Eventually([&] {
    return absl::StrContains(Metrics(), "dcp_config_reloads_total 1\n");
  })) << dcp_->log();
  EXPECT_THAT(dcp_->log(), Not(HasSubstr("reload: changed")));
  Replace("level = \"error\"", "level = \"info\"");
  AwaitLog("reload: done: [log]");
}

TEST_F(ReloadTest, TheAddressOfHttpChanges) {
  Start();
  const std::string next = FreeAddress();
  Replace(http_, next);
  AwaitLog("reload: done");
  const auto port = static_cast<uint16_t>(std::stoi(next.substr(next.find(':') + 1)));
  EXPECT_THAT(HttpGet(port, "/healthz"), HasSubstr("ok"));
  EXPECT_OK(Listeners::Open(http_));  // nobody listens there any more
  ExpectGoesOn();
}

TEST_F(ReloadTest, ResetBeginsAnewAndSaysSo) {
  Start("[[token]]\nname = \"me\"\ntoken_env = \"ADMIN\"\nroles = [\"admin\"]\n");
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  ASSERT_OK(dcp_->Await(DiffOf("extra", "shop.orders", "[1]")));
  ASSERT_OK_AND_ASSIGN(
      const ProgramResult asked,
      RunProgram({absl::StrCat(DCP_SOURCE_DIR, "/tests/cmd/https_ask"), "POST",
                  http_.substr(http_.find(':') + 1), "/reset?check=orders", "--token", kAdmin}));
  EXPECT_THAT(asked.output, StartsWith("202 "));
  AwaitLog("reset: done");
  ASSERT_OK(dcp_->KillAndRestart());  // at once: it is not forgotten
  const auto reset = [](const Alarm& alarm) {
    return alarm["type"] == "unverified" && alarm["reason"] == "reset";
  };
  ASSERT_OK_AND_ASSIGN(const Alarm said, dcp_->Await(reset));
  // Without a hole, and not twice: each verdict goes on where the one before it ended.
  ASSERT_OK(dcp_->Await([&](const Alarm& alarm) {
    return alarm["type"] == "same" && BarrierOf(alarm, "from") > BarrierOf(said, "to");
  }));
  uint64_t end = 0;
  for (const Alarm& alarm : dcp_->alarms()) {
    if (!IsVerdict(alarm)) continue;
    EXPECT_TRUE(end == 0 || BarrierOf(alarm, "from") == end) << alarm;
    end = BarrierOf(alarm, "to");
  }
  // The finding stayed open, and ends when both sides touch the row.
  ASSERT_OK(pair_->replica().Execute("DELETE FROM shop.orders WHERE id = 1"));
  ASSERT_OK(pair_->source().Execute("INSERT INTO shop.orders VALUES (1, 2)"));
  ASSERT_OK(dcp_->Await(OfType("resolved")));
}

}  // namespace
}  // namespace dcp::test
