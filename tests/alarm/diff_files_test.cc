#include "alarm/diff_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

#include "tests/alarm/fakes.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class DiffFilesTest : public ::testing::Test {
 protected:
  DiffFiles Files(DiffFiles::Options options) {
    options.dir = dir_ / "diffs";
    return DiffFiles(options, renderer_, Clock::Real(),
                     [this](Level, absl::string_view line) { log_.emplace_back(line); });
  }
  static model::RowDiff Row(const std::string& key) {
    model::RowDiff row;
    row.key_text = key;
    return row;
  }
  static std::vector<std::string> Lines(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  const test::TestDir dir_{"dcp-test-diffs"};
  FakeRenderer renderer_;
  std::vector<std::string> log_;
};

TEST_F(DiffFilesTest, RowsOfOneAlarmAreInItsFile) {
  DiffFiles files = Files({});
  const std::string path = files.Add("a1", Row("k1"));
  EXPECT_EQ(files.Add("a1", Row("k2")), path);
  const auto lines = Lines(path);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[1], HasSubstr("k2"));
}

TEST_F(DiffFilesTest, AlarmsMayTakeTurns) {
  DiffFiles files = Files({});
  const std::string path = files.Add("a1", Row("k1"));
  files.Add("a2", Row("k"));
  files.Add("a1", Row("k2"));
  EXPECT_THAT(Lines(path), SizeIs(2));
}

TEST_F(DiffFilesTest, WhatAKilledProcessLeftIsWrittenAnew) {
  {
    DiffFiles files = Files({});
    files.Add("a1", Row("k1"));
    files.Add("a1", Row("k2"));
  }
  DiffFiles files = Files({});
  EXPECT_THAT(Lines(files.Add("a1", Row("k1"))), SizeIs(1));
}

TEST_F(DiffFilesTest, OnlyTheNewestFilesStay) {
  DiffFiles files = Files({.keep = 2});
  const std::string first = files.Add("a1", Row("k"));
  fs::last_write_time(first, fs::file_time_type::min());
  const std::string second = files.Add("a2", Row("k"));
  EXPECT_TRUE(fs::exists(first));
  const std::string third = files.Add("a3", Row("k"));
  EXPECT_FALSE(fs::exists(first));
  EXPECT_TRUE(fs::exists(second) && fs::exists(third));
}

TEST_F(DiffFilesTest, FullFileSaysSoOnce) {
  DiffFiles files = Files({.max_bytes = 200});
  std::string path;
  for (int i = 0; i < 10; ++i) path = files.Add("a1", Row("k"));
  const auto lines = Lines(path);
  EXPECT_EQ(lines.back(), "{\"truncated\":true}");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), lines.back()), 1);
}

TEST_F(DiffFilesTest, FileThatCannotBeWrittenIsSaidOnce) {
  std::ofstream(dir_ / "diffs") << "in the way";
  DiffFiles files = Files({});
  EXPECT_EQ(files.Add("a1", Row("k")), "");
  EXPECT_EQ(files.Add("a1", Row("k")), "");
  ASSERT_THAT(log_, SizeIs(1));
  EXPECT_THAT(log_[0], HasSubstr(dir_.path()));
}

// Fails so many times, when a part was done.
class PoorDisk final : public FileIo {
 public:
  int Open(const std::string& path, int flags, mode_t mode) override {
    return Fails(open_failures) ? -1 : FileIo::Open(path, flags, mode);
  }
  ssize_t WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) override {
    if (write_failures == 0) return FileIo::WriteAt(fd, bytes, size, offset);
    FileIo::WriteAt(fd, bytes, size / 2, offset);
    return Fails(write_failures) ? -1 : 0;
  }

  int open_failures = 0, write_failures = 0;
  int error = ENOSPC;

 private:
  bool Fails(int& left) const {
    if (left == 0) return false;
    --left;
    errno = error;
    return true;
  }
};

TEST_F(DiffFilesTest, ADiskThatIsFullIsWaitedForAndNothingIsTorn) {
  PoorDisk disk;
  DiffFiles files = Files({.retry = absl::Milliseconds(1), .io = &disk});
  disk.open_failures = 3;
  const std::string path = files.Add("a1", Row("k1"));
  disk.write_failures = 3;
  disk.error = EROFS;
  EXPECT_EQ(files.Add("a1", Row("k2")), path);
  EXPECT_EQ(files.Add("a1", Row("k3")), path);
  const auto lines = Lines(path);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr("k1"));
  EXPECT_THAT(lines[1], HasSubstr("k2"));
  EXPECT_THAT(lines[2], HasSubstr("k3"));
  ASSERT_THAT(log_, SizeIs(2)) << "once each";
  EXPECT_THAT(log_[1], HasSubstr("the check waits"));
}

TEST_F(DiffFilesTest, ADiskThatRecoversNeverIsNotWaitedForAtTheEnd) {
  PoorDisk disk;
  disk.open_failures = std::numeric_limits<int>::max();
  DiffFiles files = Files({.retry = absl::Milliseconds(1), .io = &disk});
  std::thread end([&] { files.GiveUpWaiting(); });
  EXPECT_EQ(files.Add("a1", Row("k1")), "");
  end.join();
  EXPECT_EQ(files.Add("a2", Row("k1")), "");
}

}  // namespace
}  // namespace dcp::alarm
