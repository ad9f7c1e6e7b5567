#include "collector/grpc/intake_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <thread>

#include "tests/collector/grpc/intake_directory.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A disk that refuses on demand. It does not wait for the real one: no test here survives the
// machine.
class FailingIo final : public FileIo {
 public:
  ssize_t Write(int fd, const char* bytes, size_t size) override {
    if (room < size) {
      const size_t part = std::exchange(room, 0);
      if (part > 0) return FileIo::Write(fd, bytes, part);
      errno = ENOSPC;
      return -1;
    }
    room -= size;
    return FileIo::Write(fd, bytes, size);
  }
  ssize_t WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) override {
    written_again += size;
    return FileIo::WriteAt(fd, bytes, size, offset);
  }
  int Sync(int) override {
    ++syncs;
    if (!fail_sync) return 0;
    errno = EIO;
    return -1;
  }

  size_t room = SIZE_MAX;
  bool fail_sync = false;
  int syncs = 0;
  size_t written_again = 0;
};

class IntakeLogTest : public ::testing::Test {
 protected:
  void Open() {
    log_.reset();
    auto log = IntakeLog::Open(Options());
    ASSERT_OK(log);
    log_ = *std::move(log);
  }
  IntakeLogOptions Options() {
    IntakeLogOptions options = options_;
    options.directory = dir_.path();
    options.io = &io_;
    options.log = [this](absl::string_view line) { lines_.emplace_back(line); };
    return options;
  }
  absl::Status Append(const std::vector<std::string>& messages) {
    IntakeBatch batch;
    for (const std::string& message : messages) batch.AddMessage(message);
    return log_->Append(batch);
  }
  absl::Status Push(const std::string& session, uint64_t number, const std::string& message) {
    IntakeBatch batch(session);
    batch.AddNumbered(number, message);
    return log_->Append(batch);
  }
  std::string OnlyFile() { return dir_.files().at(0); }

  IntakeDirectory dir_;
  FailingIo io_;
  IntakeLogOptions options_;
  std::vector<std::string> lines_;
  std::unique_ptr<IntakeLog> log_;
};

TEST_F(IntakeLogTest, GivesBackWhatWasAppended) {
  Open();
  ASSERT_OK(Append({"a", ""}));
  IntakeBatch batch("s");
  batch.AddBreak("another client");
  batch.AddNumbered(7, "b");
  ASSERT_OK(log_->Append(batch));
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:", "3:break another client", "4:b/7"));
  EXPECT_THAT(ReadAll(*log_, 4), ElementsAre("4:b/7"));
  EXPECT_THAT(ReadAll(*log_, 5), IsEmpty());
  EXPECT_EQ(log_->next(), 5u);
}

TEST_F(IntakeLogTest, GoesOnWhereItEnded) {
  Open();
  ASSERT_OK(Append({"a"}));
  ASSERT_OK(Push("s", 7, "b"));
  const std::string place = log_->PlaceOf(2).ToText();
  Open();
  EXPECT_EQ(log_->next(), 3u);
  EXPECT_EQ(log_->PlaceOf(2).ToText(), place);
  EXPECT_EQ(log_->session("s").last, 7u);
  EXPECT_TRUE(log_->session("s").is_writer);
  ASSERT_OK(Append({"c"}));
  EXPECT_FALSE(log_->session("s").is_writer);
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b/7", "3:c"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(IntakeLogTest, OneSyncPerBatch) {
  Open();
  const int before = io_.syncs;
  ASSERT_OK(Append(std::vector<std::string>(1000, "message")));
  EXPECT_EQ(io_.syncs, before + 1);
}

TEST_F(IntakeLogTest, AnotherDirectoryIsAnotherLog) {
  Open();
  const IntakePlace place = log_->PlaceOf(1);
  std::filesystem::remove_all(dir_.path());
  Open();
  EXPECT_FALSE(log_->PlaceOf(1).SameLog(place));
}

TEST_F(IntakeLogTest, FilesAreOfASizeAndForgottenFromTheOldestOn) {
  options_.segment_bytes = 1000;
  Open();
  std::vector<std::string> all;
  for (int i = 1; i <= 50; ++i) {
    ASSERT_OK(Push("s", static_cast<uint64_t>(i), std::string(100, 'x')));
    all.push_back(absl::StrCat(i, ":", std::string(100, 'x'), "/", i));
  }
  const size_t files = dir_.files().size();
  EXPECT_GT(files, 5u);
  EXPECT_EQ(ReadAll(*log_), all);
  log_->ForgetBefore(25);
  EXPECT_LT(dir_.files().size(), files);
  const uint64_t first = log_->first();
  EXPECT_GT(first, 10u);
  EXPECT_LE(first, 25u);
  Open();
  EXPECT_EQ(log_->first(), first);
  EXPECT_EQ(log_->session("s").last, 50u);
  EXPECT_EQ(ReadAll(*log_, first),
            std::vector<std::string>(all.begin() + static_cast<ptrdiff_t>(first - 1), all.end()));
  EXPECT_THAT(ReadAll(*log_).at(0), absl::StrCat("lost ", first - 1));
  log_->ForgetBefore(1000);
  EXPECT_THAT(dir_.files(), SizeIs(1));
  ASSERT_OK(Append({"more"}));
  EXPECT_EQ(ReadAll(*log_, 51), std::vector<std::string>{"51:more"});
}

TEST_F(IntakeLogTest, FilesStayUntilTheyMayBeDeleted) {
  options_.segment_bytes = 1000;
  absl::Status may = absl::UnavailableError("not stored yet");
  options_.before_deleting = [&may] { return may; };
  Open();
  for (int i = 0; i < 50; ++i) ASSERT_OK(Append({std::string(100, 'x')}));
  const size_t files = dir_.files().size();
  log_->ForgetBefore(40);
  EXPECT_THAT(dir_.files(), SizeIs(files));
  EXPECT_EQ(log_->first(), 1u);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("not stored yet")));
  may = absl::OkStatus();
  log_->ForgetBefore(40);
  EXPECT_GT(log_->first(), 20u);
  EXPECT_LT(dir_.files().size(), files);
}

// A sync that failed may have left them in memory only, which no later sync tells.
TEST_F(IntakeLogTest, TheLastMessagesAreWrittenAgainAtTheStart) {
  Open();
  ASSERT_OK(Append({std::string(1000, 'x')}));
  ASSERT_OK(Append({std::string(100, 'y')}));
  io_.syncs = 0;
  Open();
  EXPECT_GT(io_.written_again, 100u);
  EXPECT_LT(io_.written_again, 1000u);
  EXPECT_EQ(io_.syncs, 4);  // the directories above, the directory, the file
  EXPECT_THAT(ReadAll(*log_), SizeIs(2));
}

TEST_F(IntakeLogTest, OverItsLimitItRefusesUntilSomeOfItIsForgotten) {
  options_.max_bytes = 8000;
  Open();
  absl::Status status;
  int stored = 0;
  while ((status = Append({std::string(500, 'x')})).ok()) ++stored;
  EXPECT_GT(stored, 10);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("8000")));
  log_->ForgetBefore(log_->next() / 2);
  EXPECT_OK(Append({"y"}));
  EXPECT_THAT(ReadAll(*log_, log_->next() - 1), ElementsAre(absl::StrCat(stored + 1, ":y")));
}

TEST_F(IntakeLogTest, AFullDiskStoresNothingAndHealsWithRoom) {
  Open();
  ASSERT_OK(Append({"a"}));
  for (size_t room = 0; room < 50; ++room) {
    io_.room = room;
    ASSERT_THAT(Append({"lost"}), StatusIs(absl::StatusCode::kResourceExhausted,
                                           AllOf(HasSubstr("cannot write"), HasSubstr(".log"))));
  }
  io_.room = SIZE_MAX;
  EXPECT_EQ(log_->next(), 2u);
  ASSERT_OK(Append({"b"}));
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b"));
  Open();
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(IntakeLogTest, AFullDiskForANewFileHealsToo) {
  options_.segment_bytes = 200;
  Open();
  ASSERT_OK(Append({std::string(200, 'a')}));
  io_.room = 20;
  EXPECT_THAT(Append({std::string(200, 'b')}), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(dir_.files(), SizeIs(1));
  io_.room = SIZE_MAX;
  ASSERT_OK(Append({"c"}));
  EXPECT_THAT(dir_.files(), SizeIs(2));
  EXPECT_THAT(ReadAll(*log_, 2), ElementsAre("2:c"));
}

// After a failed sync the kernel may have dropped the pages: the file is not trusted again.
TEST_F(IntakeLogTest, AFailedSyncEndsTheFile) {
  Open();
  ASSERT_OK(Append({"a"}));
  io_.fail_sync = true;
  EXPECT_THAT(Append({"lost"}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot sync")));
  EXPECT_THAT(Append({"lost"}), HasCode(absl::StatusCode::kUnavailable));
  io_.fail_sync = false;
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a"));
  ASSERT_OK(Append({"b"}));
  EXPECT_THAT(dir_.files(), SizeIs(2));
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b"));
  Open();
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b"));
}

// What a failed write left behind in an older file stands at sequences that were given again.
TEST_F(IntakeLogTest, ATailThatWasGivenUpIsNotRead) {
  Open();
  ASSERT_OK(Append({"a"}));
  ASSERT_OK(Append({"given up"}));
  const std::string first = OnlyFile(), with_tail = IntakeDirectory::Read(first);
  std::filesystem::resize_file(first, with_tail.size() - 1);
  Open();
  io_.fail_sync = true;
  EXPECT_FALSE(Append({"x"}).ok());
  io_.fail_sync = false;
  ASSERT_OK(Append({"b"}));
  ASSERT_OK(Append({"c"}));
  IntakeDirectory::Write(first, with_tail);
  Open();
  EXPECT_THAT(ReadAll(*log_), ElementsAre("1:a", "2:b", "3:c"));
}

TEST_F(IntakeLogTest, CutAtEveryByteItHoldsTheWholeBatchesBefore) {
  Open();
  std::vector<size_t> ends = {IntakeDirectory::Read(OnlyFile()).size()};
  for (const char* message : {"a", "bb", "ccc"}) {
    ASSERT_OK(Push("s", ends.size(), message));
    ends.push_back(IntakeDirectory::Read(OnlyFile()).size());
  }
  const std::string file = OnlyFile(), bytes = IntakeDirectory::Read(file);
  const std::vector<std::string> all = {"1:a/1", "2:bb/2", "3:ccc/3", "4:new/9"};
  for (size_t size = ends[0]; size <= bytes.size(); ++size) {
    log_.reset();
    lines_.clear();
    IntakeDirectory::Write(file, bytes.substr(0, size));
    Open();
    const auto whole =
        static_cast<uint64_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin() - 1);
    const bool torn = size != ends[whole];
    ASSERT_EQ(log_->next(), whole + 1) << "of " << size;
    ASSERT_EQ(log_->session("s").last, whole) << "of " << size;
    ASSERT_EQ(lines_.size(), torn ? 1u : 0u) << "of " << size;
    ASSERT_OK(Push("s", 9, "new"));
    const std::vector<std::string> read = ReadAll(*log_);
    ASSERT_EQ(read.size(), whole + 1) << "of " << size;
    for (size_t i = 0; i < whole; ++i) ASSERT_EQ(read[i], all[i]);
    ASSERT_EQ(read.back(), absl::StrCat(whole + 1, ":new/9"));
  }
}

// A file that was being made when the process ended.
TEST_F(IntakeLogTest, AFileWithoutAWholeBeginningIsMadeAgain) {
  options_.segment_bytes = 200;
  Open();
  ASSERT_OK(Push("s", 1, std::string(150, 'a')));
  const std::string first = OnlyFile();
  ASSERT_OK(Push("s", 2, std::string(150, 'b')));
  const std::string second = dir_.files().at(1), head = IntakeDirectory::Read(second);
  log_.reset();
  for (size_t size = 0; size < BlockHeader::kBytes + 30; ++size) {
    IntakeDirectory::Write(second, head.substr(0, size));
    Open();
    ASSERT_EQ(log_->next(), 2u) << size;
    ASSERT_EQ(log_->session("s").last, 1u) << size;
    ASSERT_EQ(dir_.files(), std::vector<std::string>{first}) << size;
  }
}

// One bit at a time: nothing is read that was not written, nothing twice, and what is lost of
// what stood further in is said to be lost.
TEST_F(IntakeLogTest, AFlippedBitIsNoticed) {
  Open();
  for (const char* message : {"a", "bb", "ccc"}) ASSERT_OK(Append({message}));
  const std::string file = OnlyFile(), bytes = IntakeDirectory::Read(file);
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    SCOPED_TRACE(i);
    std::string damaged = bytes;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    log_.reset();
    lines_.clear();
    IntakeDirectory::Write(file, damaged);
    Open();
    ASSERT_OK(Append({"new"}));
    std::vector<std::string> read = ReadAll(*log_);
    ASSERT_EQ(lines_.size(), 1u);
    ASSERT_TRUE(read == (std::vector<std::string>{"1:a", "2:bb", "3:ccc", "4:new"}) ||
                read == (std::vector<std::string>{"lost 1", "2:bb", "3:ccc", "4:new"}) ||
                read == (std::vector<std::string>{"1:a", "lost 1", "3:ccc", "4:new"}) ||
                read == (std::vector<std::string>{"1:a", "2:bb", "3:new"}))
        << ::testing::PrintToString(read);
  }
}

TEST_F(IntakeLogTest, AMissingFileIsAGap) {
  options_.segment_bytes = 200;
  Open();
  for (const char* message : {"a", "b", "c"}) ASSERT_OK(Append({std::string(100, *message)}));
  ASSERT_THAT(dir_.files(), SizeIs(3));
  std::filesystem::remove(dir_.files().at(1));
  Open();
  const std::vector<std::string> read = ReadAll(*log_);
  ASSERT_THAT(read, SizeIs(3));
  EXPECT_EQ(read[1], "lost 1");
}

TEST_F(IntakeLogTest, RandomBytesAreNeverReadAsMessages) {
  std::mt19937 random(4711);
  for (int round = 0; round < 50; ++round) {
    std::string noise = "DCIB";
    for (int i = 0; i < 200; ++i) noise.push_back(static_cast<char>(random()));
    std::filesystem::remove_all(dir_.path());
    std::filesystem::create_directories(dir_.path());
    IntakeDirectory::Write(dir_.path() + "/000001.log", noise);
    Open();
    ASSERT_OK(Append({"a"}));
    ASSERT_THAT(ReadAll(*log_), ElementsAre("1:a")) << "seed 4711, round " << round;
  }
}

TEST_F(IntakeLogTest, OneOfANewerDcpIsRefusedAndLeftAlone) {
  Open();
  log_.reset();
  std::string body;
  body.push_back(2);
  body.append(100, '\0');
  BlockHeader header;
  header.kind = BlockKind::kSnapshot;
  std::string bytes;
  PutBlock(header, body, bytes);
  IntakeDirectory::Write(OnlyFile(), bytes);
  EXPECT_THAT(IntakeLog::Open(Options()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer dcp")));
  EXPECT_EQ(IntakeDirectory::Read(OnlyFile()), bytes);
}

TEST_F(IntakeLogTest, AReaderFollowsTheWriter) {
  options_.segment_bytes = 4000;
  options_.max_bytes = 40000;
  Open();
  constexpr uint64_t kCount = 2000;
  std::thread reader([this] {
    IntakeReader in(*log_, 1);
    for (uint64_t expected = 1; expected <= kCount;) {
      ASSERT_TRUE(log_->WaitFor(in.next()));
      const auto block = in.Next();
      ASSERT_OK(block);
      ASSERT_TRUE(block->has_value());
      ASSERT_EQ((*block)->lost, 0u);
      for (const IntakeEntry& entry : (*block)->body.entries) {
        ASSERT_EQ(entry.bytes, absl::StrCat("m", expected++));
      }
      log_->ForgetBefore(in.next());
    }
  });
  for (uint64_t i = 1; i <= kCount;) {
    if (Append({absl::StrCat("m", i)}).ok()) {
      ++i;
    } else {
      log_->WaitForRoom(absl::Seconds(1));
    }
  }
  reader.join();
}

TEST_F(IntakeLogTest, InterruptWakesAReader) {
  Open();
  std::thread reader([this] { EXPECT_FALSE(log_->WaitFor(1)); });
  log_->Interrupt();
  reader.join();
}

}  // namespace
}  // namespace dcp::collector
