// A process that appends and is killed in the middle of it, again and again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "tests/collector/grpc/intake_directory.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

constexpr uint64_t kSegmentBytes = 20'000;

IntakeLogOptions OptionsFor(const std::string& directory) {
  IntakeLogOptions options;
  options.directory = directory;
  options.segment_bytes = kSegmentBytes;
  return options;
}

// Appends "m<number>" from the session's next number on, in batches, and tells each number that
// was acknowledged through `acknowledged`. Never returns.
[[noreturn]] void AppendForEver(const std::string& directory, int acknowledged) {
  auto log = IntakeLog::Open(OptionsFor(directory));
  if (!log.ok()) ::_exit(1);
  uint64_t number = (*log)->session("s").last;
  while (true) {
    IntakeBatch batch("s");
    for (uint64_t i = 0; i <= number % 7; ++i) {
      ++number;
      batch.AddNumbered(number, absl::StrCat("m", number, std::string(number % 301, 'x')));
    }
    if (!(*log)->Append(batch).ok()) ::_exit(2);
    if (::write(acknowledged, &number, sizeof(number)) != sizeof(number)) ::_exit(3);
  }
}

// Starts it, kills it after `count` acknowledgements, and returns the last one that it gave.
uint64_t RunAndKill(const std::string& directory, int count) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) AppendForEver(directory, pipe[1]);
  ::close(pipe[1]);
  uint64_t number = 0, last = 0;
  for (int i = 0; i < count && ::read(pipe[0], &number, sizeof(number)) == sizeof(number); ++i) {
    last = number;
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended with " << WEXITSTATUS(status);
  while (::read(pipe[0], &number, sizeof(number)) == sizeof(number)) last = number;
  ::close(pipe[0]);
  return last;
}

TEST(IntakeCrashTest, NothingAcknowledgedIsMissingNothingIsTwiceAllIsInOrder) {
  const IntakeDirectory dir;
  std::mt19937 random(20261121);
  for (int round = 0; round < 30; ++round) {
    const uint64_t acknowledged = RunAndKill(dir.path(), static_cast<int>(1 + random() % 40));
    ASSERT_OK_AND_ASSIGN(const auto log, IntakeLog::Open(OptionsFor(dir.path())));
    const std::vector<std::string> read = ReadAll(*log);
    ASSERT_GE(read.size(), acknowledged) << "round " << round;
    for (uint64_t i = 1; i <= read.size(); ++i) {
      ASSERT_EQ(read[i - 1], absl::StrCat(i, ":m", i, std::string(i % 301, 'x'), "/", i))
          << "round " << round;
    }
    ASSERT_EQ(log->session("s").last, read.size());
  }
  ASSERT_GT(dir.files().size(), 2u);
}

}  // namespace
}  // namespace dcp::collector
