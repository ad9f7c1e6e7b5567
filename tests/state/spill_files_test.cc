// The store for segments on a real disk: what it holds, what it leaves behind, and what is
// said of bytes that are not what was written.
#include "state/spill_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "state/spill_seal.h"
#include "tests/state/fixture.h"
#include "tests/support/status_matchers.h"

namespace dcp::state {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class SpillFilesTest : public ::testing::Test {
 protected:
  SpillFilesTest() {
    fs::create_directories(dir_.path());
    options_.dir = dir_.path() + "/spill";
    options_.file_bytes = 1000;
    options_.reserve_bytes = 0;
    Open();
  }
  void Open() {
    store_.reset();
    auto files = SpillFiles::Open(options_);
    ASSERT_OK(files);
    files_ = *std::move(files);
    store_ = files_->MakeStore();
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(options_.dir)) names.push_back(entry.path());
    return names;
  }
  model::SpillTicket Write(const std::string& bytes) {
    auto ticket = store_->Write(bytes);
    EXPECT_OK(ticket);
    return ticket.value_or(model::SpillTicket{});
  }

  const StateDir dir_;
  SpillFiles::Options options_;
  std::unique_ptr<SpillFiles> files_;
  std::unique_ptr<model::SpillStore> store_;
};

TEST_F(SpillFilesTest, RecordsComeBackInAnyOrderAndFilesGoWithTheirLast) {
  std::mt19937 random(1);
  std::vector<std::pair<model::SpillTicket, std::string>> held;
  for (int i = 0; i < 2000; ++i) {
    if (held.empty() || random() % 2 == 0) {
      const std::string bytes(random() % 300, static_cast<char>(random()));
      held.emplace_back(Write(bytes), bytes);
      continue;
    }
    std::swap(held[random() % held.size()], held.back());
    const auto [ticket, bytes] = held.back();
    held.pop_back();
    const auto read = store_->Read(ticket);
    ASSERT_OK(read);
    ASSERT_EQ(*read, bytes);
    store_->Drop(ticket);
  }
  EXPECT_GT(files_->counters().records_written, 900u);
  for (const auto& [ticket, bytes] : held) store_->Drop(ticket);
  EXPECT_THAT(Names(), ::testing::IsEmpty());
  EXPECT_EQ(files_->counters().bytes_now, 0u);
}

TEST_F(SpillFilesTest, NoBytesAreARecordToo) {
  const model::SpillTicket ticket = Write("");
  EXPECT_EQ(*store_->Read(ticket), "");
}

TEST_F(SpillFilesTest, AStoreThatEndsLeavesNothing) {
  for (int i = 0; i < 20; ++i) Write(std::string(200, 'x'));
  EXPECT_GT(Names().size(), 3u);
  store_.reset();
  EXPECT_THAT(Names(), ::testing::IsEmpty());
}

TEST_F(SpillFilesTest, WhatAnEarlierProcessLeftIsRemovedAtTheStart) {
  std::ofstream(options_.dir + "/17.spill") << "left";
  std::ofstream(options_.dir + "/note") << "not ours";
  Open();
  EXPECT_THAT(Names(), ::testing::ElementsAre(options_.dir + "/note"));
}

TEST_F(SpillFilesTest, StoresDoNotMeet) {
  const auto other = files_->MakeStore();
  const model::SpillTicket ours = Write("ours");
  const auto theirs = other->Write("theirs");
  ASSERT_OK(theirs);
  EXPECT_EQ(*store_->Read(ours), "ours");
  EXPECT_EQ(*other->Read(*theirs), "theirs");
  store_->Drop(ours);
  EXPECT_EQ(*other->Read(*theirs), "theirs");
}

// Every byte of the file is under the checksum: the record's head, its bytes and its place.
TEST_F(SpillFilesTest, ADamagedByteIsFoundWhereverItIs) {
  const std::string bytes = "some bytes of a segment";
  const model::SpillTicket ticket = Write(bytes);
  const std::string path = Names().at(0);
  const size_t size = fs::file_size(path);
  ASSERT_GT(size, bytes.size());
  for (size_t i = 0; i < size; ++i) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    char byte = 0;
    file.seekg(static_cast<std::streamoff>(i)).get(byte);
    file.seekp(static_cast<std::streamoff>(i)).put(static_cast<char>(byte ^ 0x10)).flush();
    EXPECT_THAT(store_->Read(ticket), test::StatusIs(absl::StatusCode::kDataLoss,
                                                     AllOf(HasSubstr(path), HasSubstr("disk"))))
        << i;
    file.seekp(static_cast<std::streamoff>(i)).put(byte).flush();
  }
  EXPECT_EQ(*store_->Read(ticket), bytes);
}

TEST_F(SpillFilesTest, AFileThatIsCutIsFoundWhereverThatIs) {
  const model::SpillTicket ticket = Write("some bytes of a segment");
  const std::string path = Names().at(0);
  for (size_t size = fs::file_size(path); size-- > 0;) {
    fs::resize_file(path, size);
    EXPECT_THAT(store_->Read(ticket), test::HasCode(absl::StatusCode::kDataLoss)) << size;
  }
  fs::remove(path);
  const model::SpillTicket next = Write("x");
  fs::remove_all(options_.dir);
  EXPECT_FALSE(store_->Read(next).ok() && store_->Read(ticket).ok());
}

TEST_F(SpillFilesTest, ARecordInThePlaceOfAnotherIsFound) {
  const model::SpillTicket first = Write("first");
  model::SpillTicket second = Write("other");
  second.offset = first.offset;
  EXPECT_THAT(store_->Read(second), test::HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(SpillFilesTest, RoomForWhatMustBeStoredIsLeft) {
  uint64_t free = 5000;
  options_.reserve_bytes = 4000;
  options_.free_bytes = [&](const std::string&) { return free; };
  Open();
  const model::SpillTicket ticket = Write(std::string(900, 'x'));
  EXPECT_THAT(store_->Write(std::string(1000, 'x')),
              test::StatusIs(absl::StatusCode::kResourceExhausted,
                             AllOf(HasSubstr(options_.dir), HasSubstr("make room"))));
  EXPECT_EQ(files_->counters().failures, 1u);
  EXPECT_EQ(store_->Read(ticket)->size(), 900u);
  free = 10'000;
  EXPECT_OK(store_->Write(std::string(1000, 'x')));
}

// The limit on a file's size stands for a disk that fills up inside a record.
TEST_F(SpillFilesTest, ARecordThatWasWrittenInPartTakesNoRoomAndTheNextIsWhole) {
  options_.file_bytes = 1 << 20;
  Open();
  const model::SpillTicket before = Write(std::string(300, 'b'));
  const std::string path = Names().at(0);
  const uint64_t size = fs::file_size(path);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{size + 100, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto torn = store_->Write(std::string(300, 't'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_THAT(torn, test::HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(fs::file_size(path), size);
  const model::SpillTicket after = Write(std::string(300, 'a'));
  EXPECT_EQ(*store_->Read(before), std::string(300, 'b'));
  EXPECT_EQ(*store_->Read(after), std::string(300, 'a'));
}

// Has so many descriptors and no more.
class FewDescriptors final : public FileIo {
 public:
  explicit FewDescriptors(int free) : free_(free) {}
  int Open(const std::string& path, int flags, mode_t mode) override {
    if (free_ == 0) {
      errno = EMFILE;
      return -1;
    }
    --free_;
    return FileIo::Open(path, flags, mode);
  }
  void Close(int fd) override {
    ++free_;
    FileIo::Close(fd);
  }

 private:
  int free_;
};

// A segment that does not come back ends its check, one that cannot be written waits in memory.
TEST_F(SpillFilesTest, WhereDescriptorsRunOutReadingTakesThoseOfWriting) {
  FewDescriptors io(1);
  options_.io = &io;
  Open();
  const model::SpillTicket first = Write(std::string(900, '1'));
  const model::SpillTicket second = Write(std::string(900, '2'));
  const auto read = store_->Read(first);
  ASSERT_OK(read);
  EXPECT_EQ(*read, std::string(900, '1'));
  EXPECT_THAT(store_->Write("x"),
              test::StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Too many open files")));
  EXPECT_EQ(*store_->Read(second), std::string(900, '2'));
  store_->Drop(first);
  store_->Drop(second);
  EXPECT_THAT(Names(), ::testing::IsEmpty());
  const model::SpillTicket third = Write("3");
  EXPECT_EQ(*store_->Read(third), "3");
  store_.reset();  // before `io`
}

TEST_F(SpillFilesTest, ADirectoryThatIsGoneIsSaidAndWorksLater) {
  fs::remove_all(options_.dir);
  EXPECT_THAT(store_->Write("x"), test::HasCode(absl::StatusCode::kFailedPrecondition));
  fs::create_directory(options_.dir);
  const model::SpillTicket ticket = Write("x");
  EXPECT_EQ(*store_->Read(ticket), "x");
}

TEST_F(SpillFilesTest, AFileInThePlaceOfTheDirectoryIsRefused) {
  options_.dir = dir_.path() + "/file";
  std::ofstream(options_.dir) << "x";
  EXPECT_THAT(SpillFiles::Open(options_),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(options_.dir)));
}

// ---- sealed ----

class SpillSealTest : public SpillFilesTest {
 protected:
  SpillSealTest() {
    auto seal = SpillSeal::Create();
    EXPECT_OK(seal);
    seal_ = *std::move(seal);
    sealed_ = seal_->Seal(std::move(store_));
  }
  std::string BytesOnDisk() const {
    std::string bytes;
    for (const std::string& name : Names()) {
      std::ifstream in(name, std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(in), {});
    }
    return bytes;
  }
  model::SpillTicket Write(const std::string& bytes) {
    auto ticket = sealed_->Write(bytes);
    EXPECT_OK(ticket);
    return ticket.value_or(model::SpillTicket{});
  }

  std::unique_ptr<SpillSeal> seal_;
  std::unique_ptr<model::SpillStore> sealed_;
};

TEST_F(SpillSealTest, RecordsComeBackAndCannotBeReadOnDisk) {
  const std::string secret = "the value of a masked column";
  std::string large(3'000'000, 'x');
  large.replace(2'000'000, secret.size(), secret);
  const std::vector<std::string> records = {secret, secret, "", large};
  std::vector<model::SpillTicket> tickets;
  for (const std::string& record : records) tickets.push_back(Write(record));
  const std::string bytes = BytesOnDisk();
  EXPECT_GT(bytes.size(), large.size());
  EXPECT_EQ(bytes.find(secret.substr(0, 8)), std::string::npos);
  EXPECT_EQ(bytes.find("xxxxxxxx"), std::string::npos);
  for (size_t i = 0; i < records.size(); ++i) {
    const auto back = sealed_->Read(tickets[i]);
    ASSERT_OK(back);
    EXPECT_TRUE(*back == records[i]) << i;
  }
  for (const model::SpillTicket& ticket : tickets) sealed_->Drop(ticket);
  EXPECT_EQ(files_->counters().bytes_now, 0u);
}

// Equal records do not look alike, nor do those of another process.
TEST_F(SpillSealTest, NoTwoRecordsAreSealedAlike) {
  const std::string record(64, 'r');
  const model::SpillTicket first = Write(record);
  Write(record);
  const std::string bytes = BytesOnDisk();
  const auto another = SpillSeal::Create();
  ASSERT_OK(another);
  const auto other = (*another)->Seal(files_->MakeStore());
  ASSERT_OK(other->Write(record));
  const std::string all = BytesOnDisk();
  // Any 24 bytes of one sealed record stand nowhere else; heads have up to 15 in common.
  constexpr size_t kPiece = 24;
  size_t repeated = 0;
  for (size_t i = 0; i + kPiece <= all.size(); ++i) {
    const std::string piece = all.substr(i, kPiece);
    if (piece == std::string(kPiece, '\0')) continue;
    if (all.find(piece, i + 1) != std::string::npos) ++repeated;
  }
  EXPECT_EQ(repeated, 0u);
  EXPECT_GT(all.size(), bytes.size());
  EXPECT_OK(sealed_->Read(first));
}

}  // namespace
}  // namespace dcp::state
