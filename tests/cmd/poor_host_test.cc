// A daemon on a host with a full, read-only, failing or slow disk, without descriptors, or with a
// clock that jumps: it says what is wrong, waits, goes on by itself, and has said the same as one
// on a host that is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cmd/disturbed_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/host_faults.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

class PoorHostTest : public DisturbedDaemonTest {
 protected:
  void SetUp() override {
    DisturbedDaemonTest::SetUp();
    if (HasFatalFailure()) return;
    const TestDir& dir = disturbed_->dcp->dir();
    faults_.emplace(dir / "faults", dir / "state");
    disturbed_->dcp->set_environment(faults_->environment());
    BeginTraffic();
  }

  HostFaultControl& host() { return *faults_->operator->(); }

  void AwaitLog(const std::string& words) {
    EXPECT_TRUE(Eventually([&] { return absl::StrContains(disturbed_->dcp->log(), words); }))
        << words << " is not in: " << disturbed_->dcp->log();
  }
  // Something of the host was bad so often since the last time.
  void AwaitHits(int64_t count) {
    const int64_t end = host().hits + count;
    EXPECT_TRUE(Eventually([&] { return host().hits >= end; })) << host().hits;
  }
  // More is pushed and acknowledged than now.
  void AwaitProgress() {
    const uint64_t end = disturbed_clients_->acknowledged_by_process() + 20;
    EXPECT_TRUE(Eventually([&] { return disturbed_clients_->acknowledged_by_process() >= end; }));
  }
  // Nothing is acknowledged while the host goes on being bad, but what was on its way.
  void AwaitStandstill() {
    const auto stands = [&] {
      const uint64_t acknowledged = disturbed_clients_->acknowledged_by_process();
      AwaitHits(20);
      return disturbed_clients_->acknowledged_by_process() == acknowledged;
    };
    EXPECT_TRUE(Eventually(stands));
  }
  // Those of both daemons.
  static void CutConnections(MysqlServer& server) {
    ASSERT_OK_AND_ASSIGN(
        const Rows ids,
        server.Query("SELECT id FROM information_schema.processlist WHERE user = 'dcp'"));
    EXPECT_GE(ids.size(), 2u);
    for (const Row& row : ids) server.Execute("KILL " + row[0].value_or("0")).IgnoreError();
  }
  void MendAndCompare() {
    faults_->Mend();
    ASSERT_NO_FATAL_FAILURE(EndTraffic());
    ExpectAsIfNothingHadHappened();
    EXPECT_FALSE(absl::StrContains(disturbed_->dcp->log(), "timeout")) << disturbed_->dcp->log();
  }

  std::optional<HostFaults> faults_;
};

TEST_F(PoorHostTest, AFullDiskIsWaitedFor) {
  AwaitProgress();
  host().write_errno = ENOSPC;
  AwaitLog("pushed messages wait, nothing is acknowledged: cannot write ");
  AwaitLog("the check waits until it can");
  AwaitStandstill();
  faults_->Mend();
  AwaitLog("pushed messages are stored again");
  AwaitProgress();
  MendAndCompare();
}

TEST_F(PoorHostTest, ADiskThatBecomesReadOnlyIsWaitedFor) {
  AwaitProgress();
  host().write_errno = EROFS;
  AwaitLog("pushed messages wait, nothing is acknowledged: cannot write ");
  AwaitLog("the check waits until it can");
  AwaitHits(20);
  faults_->Mend();
  AwaitProgress();
  MendAndCompare();
}

TEST_F(PoorHostTest, ADiskThatFailsToSyncIsWaitedFor) {
  AwaitProgress();
  host().sync_errno = EIO;
  AwaitLog("pushed messages wait, nothing is acknowledged: cannot sync ");
  AwaitHits(5);
  faults_->Mend();
  AwaitProgress();
  MendAndCompare();
}

TEST_F(PoorHostTest, ASlowDiskIsOnlySlow) {
  host().sync_pause_ms = 200;
  AwaitHits(20);
  AwaitProgress();
  MendAndCompare();
}

// Connections to servers are lost meanwhile, and clients come anew.
TEST_F(PoorHostTest, DescriptorsThatAreUsedUpAreWaitedFor) {
  AwaitProgress();
  host().open_errno = EMFILE;
  CutConnections(pair_->source());
  CutConnections(pair_->replica());
  disturbed_clients_->Reconnect();
  AwaitHits(50);
  faults_->Mend();
  AwaitProgress();
  MendAndCompare();
}

TEST_F(PoorHostTest, AWallClockThatJumpsIsOnlyShown) {
  for (const int64_t hours : {5, -5, 48, -48}) {
    host().wall_clock_seconds = hours * 3600;
    const size_t before = disturbed_->dcp->alarms().size();
    const std::string day = absl::FormatTime(
        "%Y-%m-%d", absl::FromUnixSeconds(time(nullptr) + hours * 3600), absl::UTCTimeZone());
    ASSERT_OK(disturbed_->dcp->Await(
        [&](const Alarm& a) { return absl::StartsWith(a["at"].get<std::string>(), day); }, before));
    AwaitProgress();
  }
  MendAndCompare();
}

}  // namespace
}  // namespace dcp::test
