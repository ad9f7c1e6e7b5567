#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "alarm/exec_sink.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ExecSinkTest : public ::testing::Test {
 protected:
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }
  ExecSink Shell(const std::string& script, absl::Duration timeout = absl::Seconds(20)) {
    return Make({"sh", "-c", script, "sh", dir_ / "out"}, timeout);
  }
  ExecSink Make(std::vector<std::string> command, absl::Duration timeout = absl::Seconds(20)) {
    return ExecSink({.command = std::move(command),
                     .timeout = timeout,
                     .grace = absl::Milliseconds(100),
                     .max_output = 100},
                    Clock::Real(),
                    [this](Level, absl::string_view line) { log_.emplace_back(line); });
  }
  static Alarm One(std::string json = R"({"a":"$(id) `id` 'x"})") {
    Alarm alarm{.type = model::AlarmType::kDiff, .id = "id1", .json = std::move(json)};
    alarm.check = "orders";
    return alarm;
  }
  std::string Out() const {
    std::ifstream in(dir_ / "out");
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  const test::TestDir dir_{"dcp-test-exec"};
  std::vector<std::string> log_;
};

TEST_F(ExecSinkTest, GivesTheJsonOnStandardInput) {
  EXPECT_OK(Shell("cat > $1").Deliver(One()));
  EXPECT_EQ(Out(), One().json + "\n");
}

TEST_F(ExecSinkTest, AJsonLargerThanAPipeArrives) {
  const std::string large(1'000'000, 'x');
  EXPECT_OK(Shell("cat > $1").Deliver(One(large)));
  EXPECT_EQ(Out().size(), large.size() + 1);
}

TEST_F(ExecSinkTest, ACommandThatReadsNothingIsFine) {
  EXPECT_OK(Make({"true"}).Deliver(One(std::string(1'000'000, 'x'))));
}

TEST_F(ExecSinkTest, ThereIsNoShell) {
  EXPECT_OK(Make({"echo", "$(id); rm -rf x"}).Deliver(One()));
  EXPECT_THAT(log_, ElementsAre("exec echo, alarm id1: $(id); rm -rf x"));
}

TEST_F(ExecSinkTest, StatusOtherThanZeroIsAFailure) {
  EXPECT_THAT(Shell("exit 3").Deliver(One()),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("exit status 3")));
  EXPECT_THAT(Shell("kill -9 $$").Deliver(One()),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("signal 9")));
}

TEST_F(ExecSinkTest, ACommandThatIsNotThereIsSaid) {
  EXPECT_THAT(Make({"/nonexistent/x"}).Deliver(One()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No such file")));
}

TEST_F(ExecSinkTest, OutputGoesToTheLogBounded) {
  EXPECT_OK(Shell("echo one; echo two >&2; head -c 1000 /dev/zero | tr '\\0' x").Deliver(One()));
  ASSERT_THAT(log_, SizeIs(4));
  EXPECT_EQ(log_[0], "exec sh, alarm id1: one");
  EXPECT_EQ(log_[1], "exec sh, alarm id1: two");
  EXPECT_THAT(log_[3], HasSubstr("wrote more than 100 bytes"));
}

TEST_F(ExecSinkTest, ItIsToldToEndAndThenKilled) {
  EXPECT_THAT(
      Shell("trap 'echo told; exit 0' TERM; while :; do sleep 0.01; done", absl::Milliseconds(300))
          .Deliver(One()),
      HasCode(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(log_, Contains(HasSubstr("told")));
  EXPECT_THAT(
      Shell("trap '' TERM; while :; do sleep 0.01; done", absl::Milliseconds(100)).Deliver(One()),
      HasCode(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(ExecSinkTest, WhatItLeavesRunningIsKilledAndHoldsNothingUp) {
  EXPECT_OK(Shell("sleep 1000 & echo $! > $1").Deliver(One()));
  const pid_t left = static_cast<pid_t>(std::stol(Out()));
  EXPECT_TRUE(test::Eventually([&] {
    std::ifstream stat(absl::StrCat("/proc/", left, "/stat"));
    const std::string text(std::istreambuf_iterator<char>(stat), {});
    return text.empty() || absl::StrContains(text, ") Z ");
  }));
}

TEST_F(ExecSinkTest, InheritsNoSocketAndNoSecret) {
  const int leaky = socket(AF_UNIX, SOCK_STREAM, 0);  // without CLOEXEC
  ASSERT_GE(leaky, 3);
  setenv("DCP_TEST_PASSWORD", "hunter2", 1);
  EXPECT_OK(Shell("ls /proc/self/fd | wc -l > $1; env >> $1").Deliver(One()));
  unsetenv("DCP_TEST_PASSWORD");
  close(leaky);
  const std::string out = Out();
  // Its three streams, one of which is the pipe to wc, and the directory being read.
  EXPECT_THAT(out, ::testing::StartsWith("4\n"));
  EXPECT_THAT(out, Not(HasSubstr("hunter2")));
  EXPECT_THAT(out, HasSubstr("DCP_ALARM_CHECK=orders\n"));
  EXPECT_THAT(out, HasSubstr("DCP_ALARM_TYPE=diff\n"));
}

TEST_F(ExecSinkTest, InterruptEndsIt) {
  ExecSink sink = Shell("echo > $1; sleep 1000", absl::Hours(1));
  absl::Status status;
  std::thread runner([&] { status = sink.Deliver(One()); });
  EXPECT_TRUE(test::Eventually([this] { return !Out().empty(); }));
  sink.Interrupt();
  runner.join();
  EXPECT_THAT(status, HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(sink.Deliver(One()), HasCode(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace dcp::alarm
