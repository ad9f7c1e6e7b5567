#include "mysql/file_binlog_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::HasSubstr;
using Kind = BinlogEvent::Kind;
using test::HasCode;
using test::StatusIs;

class FileBinlogReaderTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = ::testing::TempDir() + "/dcp_" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    written_.push_back(path);
    return path;
  }
  ~FileBinlogReaderTest() override {
    for (const std::string& path : written_) std::remove(path.c_str());
  }

  // The number of rows up to the end, whose status is kept in end_.
  int Rows(FileBinlogReader::Options options) {
    auto reader = FileBinlogReader::Open(std::move(options));
    end_ = reader.status();
    int rows = 0;
    std::vector<model::Value> before, after;
    while (end_.ok()) {
      auto event = (*reader)->Next(absl::ZeroDuration());
      end_ = event.status();
      if (!end_.ok() || (*event)->rows == nullptr) continue;
      while (*(*event)->rows->Next(&before, &after)) ++rows;
    }
    return rows;
  }

  std::vector<std::string> written_;
  absl::Status end_;
};

TEST_F(FileBinlogReaderTest, FilesFollowOneAnother) {
  EXPECT_EQ(Rows({.files = {TestFile("minimal.binlog"), TestFile("full.binlog")}}), 14);
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kOutOfRange));
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
  event.replace(9, 4, Le(0xfffffff0, 4));
  Rows({.files = {Write("huge",
                        "\xfe"
                        "bin" +
                            event)}});
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4294967280 bytes")));
  event.replace(9, 4, Le(1 << 30, 4));
  Rows({.files = {Write("huge",
                        "\xfe"
                        "bin" +
                            event)}});
  EXPECT_THAT(end_, HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(FileBinlogReaderTest, StopIsFinal) {
  ASSERT_OK_AND_ASSIGN(auto reader, FileBinlogReader::Open({.files = {TestFile("full.binlog")}}));
  reader->Stop();
  EXPECT_THAT(reader->Next(absl::ZeroDuration()), HasCode(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace dcp::mysql
