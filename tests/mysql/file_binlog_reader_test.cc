#include "mysql/file_binlog_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = BinlogEvent::Kind;
using test::HasCode;
using test::StatusIs;

class FileBinlogReaderTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories(dir_);
    const std::string path = dir_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  ~FileBinlogReaderTest() override { std::filesystem::remove_all(dir_); }

  // The number of rows up to the end, whose status is kept in end_.
  int Rows(FileBinlogReader::Options options) {
    gaps_.clear();
    auto reader = FileBinlogReader::Open(std::move(options));
    end_ = reader.status();
    int rows = 0;
    std::vector<model::Value> before, after;
    while (end_.ok()) {
      auto event = (*reader)->Next(absl::ZeroDuration());
      end_ = event.status();
      if (end_.ok() && (*event)->kind == Kind::kGap) {
        gaps_.emplace_back((*event)->error.message());
      }
      if (!end_.ok() || (*event)->rows == nullptr) continue;
      while (*(*event)->rows->Next(&before, &after)) ++rows;
    }
    return rows;
  }

  // A file of one XID event that ends with a ROTATE to `next`, or with nothing.
  std::string WriteLog(const std::string& name, const std::string& next) {
    std::string bytes =
        "\xfe"
        "bin";
    bytes += EventsOf("minimal.binlog")[0] + MakeEvent(kXidEvent, Le(1, 8), true);
    if (!next.empty()) bytes += MakeEvent(kRotateEvent, Le(4, 8) + next, true);
    return Write(name, bytes);
  }

  // Tests run beside each other.
  const std::string dir_ = ::testing::TempDir() + "/dcp-files-" + std::to_string(::getpid());
  std::vector<std::string> gaps_;
  absl::Status end_;
};

TEST_F(FileBinlogReaderTest, FilesFollowOneAnother) {
  EXPECT_EQ(Rows({.files = {TestFile("minimal.binlog"), TestFile("full.binlog")}}), 14);
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(gaps_, SizeIs(1));  // of two servers
}

TEST_F(FileBinlogReaderTest, AFileThatIsMissingBetweenTwoIsSaidAndTheRestIsRead) {
  const std::string first = WriteLog("log.000001", "log.000002");
  const std::string second = WriteLog("log.000002", "log.000003");
  const std::string third = WriteLog("log.000003", "");
  Rows({.files = {first, second, third}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(gaps_, IsEmpty());
  Rows({.files = {first, third}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(gaps_, ElementsAre(HasSubstr("log.000002 is missing")));
}

TEST_F(FileBinlogReaderTest, DamageEndsAFileOrIsPassed) {
  const std::string first = WriteLog("log.000001", "log.000002");
  const std::string text = Write("log.000002", "hello, world");
  const std::string third = WriteLog("log.000003", "");
  Rows({.files = {first, text, third}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a binlog")));
  Rows({.files = {first, text, third}, .pass_damage = true});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(gaps_, ElementsAre(HasSubstr("not a binlog")));
  Rows({.files = {first, third, text}, .pass_damage = true});  // behind the last comes nothing
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileBinlogReaderTest, RelayLogsAreReadOrRefused) {
  constexpr uint16_t kRelayLog = 0x40;
  std::string captured = EventsOf("minimal.binlog")[0];
  captured[17] = kRelayLog;
  const std::string relay = Write("relay.000001",
                                  "\xfe"
                                  "bin" +
                                      captured);
  Rows({.files = {relay}, .refuse_relay_logs = true});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a relay log")));
}

TEST_F(FileBinlogReaderTest, StartsInTheMiddleWithItsFormatDescription) {
  EXPECT_EQ(Rows({.files = {TestFile("minimal.binlog")}, .start_offset = 2548}), 4);
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
  Rows({.files = {TestFile("minimal.binlog")}, .start_offset = 99999});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kInvalidArgument));
}

class CutFileTest : public FileBinlogReaderTest,
                    public ::testing::WithParamInterface<const char*> {};

TEST_P(CutFileTest, ACutTailIsSaidAtEveryByte) {
  const std::string whole = ReadTestFile(GetParam());
  std::vector<size_t> ends = {4};
  for (const std::string& event : EventsOf(GetParam())) ends.push_back(ends.back() + event.size());
  const std::string path = Write("cut", whole);
  int rows = Rows({.files = {path}});
  EXPECT_GT(rows, 0);
  for (size_t size = whole.size() - 1; size >= 4; --size) {
    ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(size)), 0);
    const int left = Rows({.files = {path}});
    EXPECT_LE(left, rows);
    rows = left;
    const bool between = std::find(ends.begin(), ends.end(), size) != ends.end();
    if (between) {
      EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange)) << size;
    } else {
      EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the file ends inside")))
          << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, CutFileTest,
                         ::testing::Values("full.binlog", "minimal.binlog", "mariadb_types.binlog"),
                         [](const auto& c) {
                           const std::string name = c.param;
                           return name.substr(0, name.find('.'));
                         });

TEST_F(FileBinlogReaderTest, OtherFilesAreRefusedInTheirOwnWords) {
  Rows({.files = {::testing::TempDir() + "/dcp_is_not_there"}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kNotFound));
  Rows({.files = {Write("text", "hello, world")}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a binlog")));
  Rows({.files = {Write("empty", "")}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kInvalidArgument));
  Rows({.files = {Write("secret",
                        "\xfd"
                        "bin and more")}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("encrypted")));
  Rows({.files = {}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileBinlogReaderTest, FalseSizesCostNothing) {
  std::string event = MakeEvent(kXidEvent, Le(1, 8));
  const std::string head = std::string(
                               "\xfe"
                               "bin") +
                           EventsOf("minimal.binlog")[0];
  event.replace(9, 4, Le(0xfffffff0, 4));
  Rows({.files = {Write("huge", head + event)}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4294967280 bytes")));
  event.replace(9, 4, Le(1 << 30, 4));
  Rows({.files = {Write("huge", head + event)}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(FileBinlogReaderTest, ATableMapDoesNotOutliveItsFile) {
  // After a crash there is no ROTATE, and the server gives its table ids anew.
  std::string before =
                  "\xfe"
                  "bin",
              behind = before;
  before += EventsOf("full.binlog")[0];
  behind += EventsOf("full.binlog")[0];
  for (const std::string& event : EventsOf("full.binlog")) {
    if (event[4] == kTableMapEvent) before += event;
    if (event[4] == kWriteRowsEvent) behind += event;
  }
  ASSERT_OK_AND_ASSIGN(
      auto reader, FileBinlogReader::Open(
                       {.files = {Write("crash.000001", before), Write("crash.000002", behind)}}));
  int unreadable = 0;
  for (auto event = reader->Next({}); event.ok(); event = reader->Next({})) {
    EXPECT_EQ((*event)->rows, nullptr);
    if ((*event)->kind != Kind::kUnreadable) continue;
    ++unreadable;
    EXPECT_THAT(std::string((*event)->error.message()), HasSubstr("without its table map"));
  }
  EXPECT_GT(unreadable, 0);
}

TEST_F(FileBinlogReaderTest, AStartBetweenTableMapAndRowsIsSaidAndLosesOneEventOnly) {
  const std::string path = TestFile("full.binlog");
  uint64_t at = 4;
  for (const std::string& event : EventsOf("full.binlog")) {
    if (event[4] == kWriteRowsEvent) break;
    at += event.size();
  }
  ASSERT_OK_AND_ASSIGN(auto reader, FileBinlogReader::Open({.files = {path}, .start_offset = at}));
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* first, reader->Next({}));
  EXPECT_EQ(first->kind, Kind::kUnreadable);
  EXPECT_THAT(std::string(first->error.message()), HasSubstr("full.binlog:"));
  int rows = 0;
  for (auto event = reader->Next({}); event.ok(); event = reader->Next({})) {
    rows += (*event)->kind == Kind::kRows ? 1 : 0;
  }
  EXPECT_GT(rows, 0);
}

TEST_F(FileBinlogReaderTest, PositionsBehindFourGigabytesAreWhole) {
  const uint64_t far = (uint64_t{5} << 30) + 17;
  const std::string path = Write("large.000001",
                                 "\xfe"
                                 "bin" +
                                     EventsOf("minimal.binlog")[0]);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(far));  // the hole takes no room
  file << MakeEvent(kXidEvent, Le(1, 8), true, 0, static_cast<uint32_t>(far + 31));
  file.close();
  ASSERT_OK_AND_ASSIGN(auto reader, FileBinlogReader::Open({.files = {path}, .start_offset = far}));
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, reader->Next({}));
  EXPECT_EQ(event->kind, Kind::kCommit);
  EXPECT_EQ(event->start.offset, far);
  EXPECT_EQ(event->end.offset, far + 31);
  EXPECT_THAT(reader->Next({}), HasCode(absl::StatusCode::kOutOfRange));
}

TEST_F(FileBinlogReaderTest, AFileWithoutItsFormatDescriptionIsNotGuessedAt) {
  const std::string magic =
      "\xfe"
      "bin";
  Rows({.files = {Write("headless", magic + MakeEvent(kXidEvent, Le(1, 8)))}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not with a format")));
  Rows({.files = {Write("old", magic + MakeEvent(kStartEventV3, std::string(56, '\0')))}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("before MySQL 5.0")));
}

TEST_F(FileBinlogReaderTest, EventsWithOtherHeadersAreNamed) {
  std::string format = EventsOf("minimal.binlog")[0];
  format[19 + 2 + 50 + 4] = 32;
  Rows({.files = {Write("headers", std::string("\xfe"
                                               "bin") +
                                       format)}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("headers of 32 bytes")));
}

TEST_F(FileBinlogReaderTest, StopIsFinal) {
  ASSERT_OK_AND_ASSIGN(auto reader, FileBinlogReader::Open({.files = {TestFile("full.binlog")}}));
  reader->Stop();
  EXPECT_THAT(reader->Next(absl::ZeroDuration()), HasCode(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace dcp::mysql
