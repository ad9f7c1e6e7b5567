#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alarm/file_sink.h"
#include "alarm/log_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::IsOk;
using ::dcp::test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Alarm Line(std::string json) {
  return {.type = model::AlarmType::kDiff, .id = "id", .json = std::move(json), .text = "text"};
}

class FileSinkTest : public ::testing::Test {
 protected:
  FileSink::Options Options(uint64_t max_bytes = 1 << 20, uint32_t keep = 3) const {
    return {
        .path = path_, .max_bytes = max_bytes, .keep = keep, .patience = absl::Milliseconds(100)};
  }
  std::string Read(const std::string& suffix = "") const {
    std::ifstream in(path_ + suffix);
    return in.is_open() ? std::string(std::istreambuf_iterator<char>(in), {}) : "(none)";
  }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  const test::TestDir dir_{"dcp-test-alarm"};
  const std::string path_ = dir_ / "alarms";
};

TEST_F(FileSinkTest, AppendsLines) {
  Write("old\n");
  FileSink sink(Options());
  EXPECT_OK(sink.Deliver(Line("{1}")));
  EXPECT_OK(sink.Deliver(Line("{2}")));
  EXPECT_EQ(Read(), "old\n{1}\n{2}\n");
}

TEST_F(FileSinkTest, EndsATornLineOfAnEarlierRun) {
  Write("{1}\n{to");
  FileSink sink(Options());
  EXPECT_OK(sink.Deliver(Line("{2}")));
  EXPECT_OK(sink.Deliver(Line("{3}")));
  EXPECT_EQ(Read(), "{1}\n{to\n{2}\n{3}\n");
}

TEST_F(FileSinkTest, FileIsNotForOthersToRead) {
  FileSink sink(Options());
  ASSERT_OK(sink.Deliver(Line("{1}")));
  struct stat info = {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07, 0u);
}

TEST_F(FileSinkTest, RotatesBeforeTheLineThatDoesNotFit) {
  FileSink sink(Options(/*max_bytes=*/8));
  EXPECT_OK(sink.Deliver(Line("{1}")));  // 4 bytes
  EXPECT_OK(sink.Deliver(Line("{2}")));  // exactly 8
  EXPECT_EQ(Read(".1"), "(none)");
  EXPECT_OK(sink.Deliver(Line("{3}")));
  EXPECT_EQ(Read(), "{3}\n");
  EXPECT_EQ(Read(".1"), "{1}\n{2}\n");
}

TEST_F(FileSinkTest, KeepsSoManyOldFiles) {
  FileSink sink(Options(/*max_bytes=*/1, /*keep=*/2));
  for (int i = 1; i <= 5; ++i) EXPECT_OK(sink.Deliver(Line(absl::StrCat(i))));
  EXPECT_EQ(Read(), "5\n");
  EXPECT_EQ(Read(".1"), "4\n");
  EXPECT_EQ(Read(".2"), "3\n");
  EXPECT_EQ(Read(".3"), "(none)");
}

TEST_F(FileSinkTest, LineLargerThanTheFileIsWrittenWhole) {
  FileSink sink(Options(/*max_bytes=*/4));
  const std::string large(1000, 'x');
  EXPECT_OK(sink.Deliver(Line(large)));
  EXPECT_EQ(Read(), large + "\n");
}

TEST_F(FileSinkTest, FileMovedAwayIsCreatedAnew) {
  FileSink sink(Options());
  EXPECT_OK(sink.Deliver(Line("{1}")));
  ASSERT_EQ(rename(path_.c_str(), (path_ + ".moved").c_str()), 0);
  EXPECT_OK(sink.Deliver(Line("{2}")));
  EXPECT_EQ(Read(), "{2}\n");
  EXPECT_EQ(Read(".moved"), "{1}\n");
}

TEST_F(FileSinkTest, MissingDirectoryIsAnErrorUntilItIsThere) {
  FileSink::Options options = Options();
  options.path = dir_ / "sub/alarms";
  FileSink sink(options);
  EXPECT_THAT(sink.Open(), StatusIs(absl::StatusCode::kUnavailable,
                                    AllOf(HasSubstr(options.path), HasSubstr("No such file"))));
  EXPECT_THAT(sink.Deliver(Line("{1}")), HasCode(absl::StatusCode::kUnavailable));
  ASSERT_EQ(mkdir((dir_ / "sub").c_str(), 0700), 0);
  EXPECT_OK(sink.Deliver(Line("{1}")));
  unlink(options.path.c_str());
  rmdir((dir_ / "sub").c_str());
}

TEST_F(FileSinkTest, FullDeviceIsAnError) {
  FileSink::Options options = Options();
  options.path = "/dev/full";
  FileSink sink(options);
  EXPECT_THAT(sink.Deliver(Line("{1}")),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No space left")));
}

TEST_F(FileSinkTest, FifoWithoutReaderIsAnErrorAndNoWait) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  FileSink sink(Options());
  EXPECT_THAT(sink.Deliver(Line("{1}")), HasCode(absl::StatusCode::kUnavailable));
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_OK(sink.Deliver(Line("{1}")));
  char text[8] = {};
  EXPECT_EQ(read(reader, text, sizeof text), 4);
  EXPECT_STREQ(text, "{1}\n");
  close(reader);
}

TEST_F(FileSinkTest, FullPipeIsGivenUpAndTheTornLineEnded) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  FileSink sink(Options());
  const std::string large(200'000, 'x');  // more than a pipe holds
  EXPECT_THAT(sink.Deliver(Line(large)), HasCode(absl::StatusCode::kDeadlineExceeded));
  std::string seen(1 << 20, '\0');
  const ssize_t first = read(reader, seen.data(), seen.size());
  ASSERT_GT(first, 0);
  EXPECT_EQ(seen[static_cast<size_t>(first) - 1], 'x');
  EXPECT_OK(sink.Deliver(Line("{1}")));
  const ssize_t second = read(reader, seen.data(), seen.size());
  EXPECT_EQ(seen.substr(0, static_cast<size_t>(second)), "\n{1}\n");
  close(reader);
}

TEST_F(FileSinkTest, InterruptEndsTheWaitForAFullPipe) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  FileSink::Options options = Options();
  options.patience = absl::Hours(1);
  FileSink sink(options);
  absl::Status status;
  std::thread writer([&] { status = sink.Deliver(Line(std::string(200'000, 'x'))); });
  sink.Interrupt();
  writer.join();
  EXPECT_THAT(status, HasCode(absl::StatusCode::kCancelled));
  close(reader);
}

TEST(LogSinkTest, GivesTheLineAtItsLevel) {
  std::vector<std::pair<Level, std::string>> lines;
  LogSink sink([&](Level level, const Alarm& alarm) { lines.emplace_back(level, alarm.text); });
  for (model::AlarmType type : model::kAllAlarmTypes) {
    EXPECT_OK(
        sink.Deliver({.type = type, .id = "id", .json = "{}", .text = model::ToString(type)}));
  }
  EXPECT_THAT(lines, ElementsAre(Pair(Level::kInfo, "same"), Pair(Level::kError, "diff"),
                                 Pair(Level::kWarning, "unverified"),
                                 Pair(Level::kWarning, "timeout"), Pair(Level::kInfo, "resolved")));
}

}  // namespace
}  // namespace dcp::alarm
