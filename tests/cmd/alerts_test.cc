// What fires at Debian's Alertmanager as a daemon says it and ends it, over restarts of both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/alarm/receiver.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/pushed_play.h"
#include "tests/cmd/resending_client.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::test {
namespace {

using Names = std::set<std::string>;

constexpr char kDiff[] = "DcpDiff rows", kTimeout[] = "DcpTimeout late",
               kUnverified[] = "DcpUnverified unseen";

class AlertsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Start();
    std::string config = absl::StrCat(
        "[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address_,
        "\"\nintake_max = \"128MiB\"\ntags = [\"rows_src\", \"rows_dst\", \"late_src\", "
        "\"late_dst\", \"unseen_src\", \"unseen_dst\"]\n[[alarm]]\ntype = \"alertmanager\"\nurl = "
        "\"",
        server_.Url(), "\"\nresend = \"1s\"\n");
    for (const std::string check : {"rows", "late", "unseen"}) {
      absl::StrAppend(&config, "[[check]]\nname = \"", check, "\"\nsource = \"", check,
                      "_src\"\ntargets = [\"", check, "_dst\"]\nlateness = 0\ntimeout = \"",
                      check == "late" ? "1s" : "24h", "\"\n");
    }
    dcp_ = DcpProcess::Prepare(config);
    ASSERT_OK(dcp_->StartAgain());
  }

  // Goes on with the tag's script, whichever daemon runs.
  void Push(const Script& all) {
    const std::vector<Message>& messages = all.calls().back();
    const auto message = [&](uint64_t number) {
      Message one = messages[number - 1];
      one.clear_tag();  // the call has one
      return one;
    };
    ResendingClient client({.address = address_, .tag = all.tag(), .message = message});
    EXPECT_TRUE(client.FinishAt(messages.size()));
  }
  void PushBoth(const std::string& check, const Script& source, const Script& target) {
    Push(Script(check + "_src").Append(source));
    Push(Script(check + "_dst").Append(target));
  }
  // Two calls: nobody knows what was lost between them.
  void PushInTwoCalls() {
    Push(Script("unseen_src").Barriers(1, 3));
    for (const uint64_t barrier : {1U, 2U}) {
      Feed feed(address_);
      feed.SendAll(Script("unseen_dst").Barrier(barrier).calls().back());
      EXPECT_TRUE(feed.End().ok());
    }
  }

  void ExpectFiring(const Names& names) {
    Names firing;
    EXPECT_TRUE(Eventually([&] {
      firing = server_.Firing({"alertname", "check"});
      return firing == names;
    })) << ::testing::PrintToString(firing)
        << "\n"
        << dcp_->log();
  }

  const test::TestDir scratch_{"dcp-test-alarm"};
  alarm::Alertmanager server_{scratch_.path()};
  const std::string address_ = FreeAddress();
  std::unique_ptr<DcpProcess> dcp_;
};

TEST_F(AlertsTest, EachFiresUntilItEndsOverRestartsOfBothSides) {
  Script source("src"), target("dst");
  source.Barrier(1).Insert("k", "[1]").Barriers(2, 3);
  target.Barrier(1).Insert("k", "[0]").Barriers(2, 3);
  PushBoth("rows", source, target);
  PushBoth("late", source, Script("dst").Barrier(1));
  PushInTwoCalls();
  const Names all = {kDiff, kTimeout, kUnverified};
  ExpectFiring(all);

  server_.Start();
  ExpectFiring(all);
  // Each forgets while the other is away; then the daemon of now is the one that tells.
  server_.Stop();
  ASSERT_OK(dcp_->KillAndRestart());
  server_.Start();
  ExpectFiring(all);
  dcp_->Kill();
  server_.Start();
  ExpectFiring({});
  ASSERT_OK(dcp_->StartAgain());
  ExpectFiring(all);

  source.Update("k", "[2]").Barriers(4, 5);
  target.Update("k", "[2]").Barriers(4, 5);
  PushBoth("rows", source, target);
  ExpectFiring({kTimeout, kUnverified});
  // What ends while Alertmanager is away does not fire again.
  server_.Stop();
  PushBoth("late", source, source);
  ASSERT_OK(dcp_->Await(
      [](const Alarm& alarm) { return alarm["check"] == "late" && alarm["type"] == "resolved"; }));
  server_.Start();
  ExpectFiring({kUnverified});
  // Nor after a restart.
  ASSERT_OK(dcp_->Restart());
  server_.Start();
  ExpectFiring({kUnverified});
  ASSERT_OK_AND_ASSIGN(const int status, dcp_->Stop());
  EXPECT_EQ(status, 0) << dcp_->log();
}

}  // namespace
}  // namespace dcp::test
