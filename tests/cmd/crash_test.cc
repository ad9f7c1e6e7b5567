// A daemon dies at every step of all that it writes, and at random instants.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cmd/disturbed_daemon.h"
#include "tests/cmd/fault_points.h"
#include "tests/support/environment.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

namespace fs = std::filesystem;
using CrashTest = DisturbedDaemonTest;

// The short form's, at random instants; DCP_TEST_KILLS tells another number.
constexpr uint64_t kKills = 8;

uint64_t Kills() { return test::NumberFromEnvironment("DCP_TEST_KILLS").value_or(kKills); }

// Points on the way to an empty state, in the order of the way.
constexpr const char* kFirstPoints[] = {"state.locked", "state.draft_made", "state.schema_step",
                                        "state.draft_whole", "state.draft_named"};

// More of a file than there was, as a write that was cut off leaves it.
void Tear(const DcpProcess& dcp) {
  std::set<fs::path> files;
  for (const auto& file : fs::directory_iterator(dcp.dir() / "state/intake/qdst")) {
    files.insert(file.path());
  }
  std::ofstream(*files.rbegin(), std::ios::app | std::ios::binary) << "DCIB torn";
}

// A last file that a process had only made when it ended.
void LeaveUnmadeFile(const DcpProcess& dcp) {
  WriteFile(dcp.dir() / "state/intake/qdst/999999.log", "");
}

// So many files of differences that one has to go.
void FillDiffFiles(const DcpProcess& dcp) {
  fs::create_directories(dcp.dir() / "state/diffs");
  for (int i = 0; i < 100; ++i) {
    const std::string path = dcp.dir() / absl::StrCat("state/diffs/old", i, ".jsonl");
    WriteFile(path, "");
    fs::last_write_time(path, fs::file_time_type::min());
  }
}

// What has to be so that a run comes to the point.
void PrepareFor(const std::string& point, const DcpProcess& dcp) {
  if (point == "intake.torn_found") Tear(dcp);
  if (point == "intake.unmade_found") LeaveUnmadeFile(dcp);
  if (point == "diff_file.oldest_removed") FillDiffFiles(dcp);
}

// So often it is come to that any time does.
bool IsOften(const std::string& point) {
  return absl::StartsWith(point, "outbox.") || point == "state.begun" || point == "state.written" ||
         point == "state.committed" || point == "state.pair_saved" || point == "intake.append" ||
         point == "intake.written" || point == "intake.synced";
}

TEST_F(CrashTest, DyingAtAnyStepOfAnyWriteChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  std::vector<std::string> points = FaultPoints();
  for (const char* point : kFirstPoints) {
    ASSERT_OK(disturbed_->dcp->RunToFaultPoint(point));
    ASSERT_EQ(std::erase(points, point), 1u) << point;
  }
  ASSERT_NO_FATAL_FAILURE(BeginTraffic());
  std::shuffle(points.begin(), points.end(), random_);
  ASSERT_GT(points.size(), 20u);
  disturbed_->dcp->Kill();
  for (const std::string& point : points) {
    PrepareFor(point, *disturbed_->dcp);
    const uint64_t times = IsOften(point) ? 1 + random_() % 20 : 1;
    ASSERT_OK(disturbed_->dcp->RunToFaultPoint(absl::StrCat(point, ":", times)));
  }
  ASSERT_OK(disturbed_->dcp->StartAgain());
  ASSERT_NO_FATAL_FAILURE(EndTraffic());
  ExpectAsIfNothingHadHappened();
}

TEST_F(CrashTest, DyingAtAnyInstantChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  ASSERT_NO_FATAL_FAILURE(BeginTraffic());
  for (uint64_t i = 0; i < Kills(); ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random_() % 1500)));
    ASSERT_OK(disturbed_->dcp->KillAndRestart());
  }
  ASSERT_NO_FATAL_FAILURE(EndTraffic());
  ExpectAsIfNothingHadHappened();
}

}  // namespace
}  // namespace dcp::test
