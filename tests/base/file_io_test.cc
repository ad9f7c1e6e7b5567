// The loops over a disk that takes and gives a part, and files that are replaced whole.
#include "base/file_io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "tests/support/test_dir.h"

namespace dcp {
namespace {

namespace fs = std::filesystem;

std::string ContentsOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Takes and gives a few bytes at a time, is interrupted now and then, and fails as told.
class HaltingIo final : public FileIo {
 public:
  ssize_t Write(int fd, const char* bytes, size_t size) override {
    return Halts() ? -1 : Room(FileIo::Write(fd, bytes, Part(size)));
  }
  ssize_t WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) override {
    return Halts() ? -1 : Room(FileIo::WriteAt(fd, bytes, Part(size), offset));
  }
  ssize_t ReadAt(int fd, char* bytes, size_t size, uint64_t offset) override {
    return Halts() ? -1 : FileIo::ReadAt(fd, bytes, Part(size), offset);
  }
  int Sync(int fd) override { return sync_error == 0 ? FileIo::Sync(fd) : Fail(sync_error); }
  int Rename(const std::string& from, const std::string& to) override {
    return rename_error == 0 ? FileIo::Rename(from, to) : Fail(rename_error);
  }

  int64_t room = 1 << 20;
  int sync_error = 0, rename_error = 0;

 private:
  static int Fail(int error) {
    errno = error;
    return -1;
  }
  bool Halts() {
    if (random_() % 4 != 0) return false;
    errno = EINTR;
    return true;
  }
  size_t Part(size_t size) { return std::min<size_t>(size, 1 + random_() % 7); }
  ssize_t Room(ssize_t written) {
    room -= written;
    return room >= 0 ? written : Fail(ENOSPC);
  }

  std::mt19937 random_{1};
};

class FileIoTest : public ::testing::Test {
 protected:
  HaltingIo io_;
  const test::TestDir dir_{"dcp-test-file-io"};
  const std::string path_ = dir_ / "file";
};

TEST_F(FileIoTest, AllIsWrittenAndReadInPieces) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i);
  const OpenFile file(io_, path_, O_RDWR | O_CREAT);
  ASSERT_EQ(WriteAll(file, text), 0);
  ASSERT_EQ(WriteAllAt(file, "in the middle", 50), 0);
  text.replace(50, 13, "in the middle");
  EXPECT_EQ(ContentsOf(path_), text);

  std::string read(300, '\0');
  EXPECT_EQ(ReadAllAt(file, read.data(), 20, 45), 20);
  EXPECT_EQ(read.substr(0, 20), text.substr(45, 20));
  EXPECT_EQ(ReadAllAt(file, read.data(), read.size(), 10), 190) << "the file ends there";
  EXPECT_EQ(read.substr(0, 190), text.substr(10));
}

TEST_F(FileIoTest, ADiskThatIsFullIsSaid) {
  const OpenFile file(io_, path_, O_RDWR | O_CREAT);
  io_.room = 20;
  EXPECT_EQ(WriteAll(file, std::string(100, 'x')), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(WriteAllAt(file, std::string(100, 'x'), 7), -1);
  EXPECT_EQ(errno, ENOSPC);
}

TEST_F(FileIoTest, AFileIsReplacedWhole) {
  ASSERT_EQ(ReplaceFile(io_, path_, "first"), 0);
  ASSERT_EQ(ReplaceFile(io_, path_, "2nd"), 0);
  EXPECT_EQ(ContentsOf(path_), "2nd");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), {}), 1);
}

TEST_F(FileIoTest, AFileThatCannotBeReplacedIsAsItWas) {
  ASSERT_EQ(ReplaceFile(io_, path_, "first"), 0);
  io_.room = 3;
  EXPECT_EQ(ReplaceFile(io_, path_, "second"), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(ContentsOf(path_), "first");
  io_.room = 1000;
  io_.sync_error = EIO;
  EXPECT_EQ(ReplaceFile(io_, path_, "second"), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(ContentsOf(path_), "first");
  io_.sync_error = 0;
  io_.rename_error = EACCES;
  EXPECT_EQ(ReplaceFile(io_, path_, "second"), -1);
  EXPECT_EQ(errno, EACCES);
  EXPECT_EQ(ContentsOf(path_), "first");
  io_.rename_error = 0;
  ASSERT_EQ(ReplaceFile(io_, path_, "third"), 0) << "what an attempt left is in nobody's way";
  EXPECT_EQ(ContentsOf(path_), "third");
}

}  // namespace
}  // namespace dcp
