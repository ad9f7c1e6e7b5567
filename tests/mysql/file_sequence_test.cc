#include "mysql/file_sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

model::GtidSet Set(const std::string& text) { return model::GtidSet::Parse(text).value(); }
model::GtidSet Up(const std::string& intervals) {
  return Set(std::string(kUuid) + ":" + intervals);
}

// Two files of one server without GTIDs, the first closed by a ROTATE.
FileEnd End(const std::string& name, const std::string& next) {
  return {.name = name, .server_id = 1, .closed = true, .next = next, .executed = model::GtidSet()};
}
FileHead Head(const std::string& name) {
  return {.name = name, .server_id = 1, .previous = model::GtidSet()};
}

void ExpectMissing(const FileEnd& end, const FileHead& head, const std::string& what) {
  EXPECT_THAT(CheckFollows(end, head), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(what)));
}

TEST(FileSequenceTest, NumbersThatFollowProveAClosedFile) {
  EXPECT_OK(CheckFollows(End("binlog.000009", "binlog.000010"), Head("binlog.000010")));
  EXPECT_OK(CheckFollows(End("binlog.999999", ""), Head("binlog.1000000")));  // STOP, restart
}

TEST(FileSequenceTest, AMissingFileIsNamed) {
  ExpectMissing(End("binlog.000009", "binlog.000010"), Head("binlog.000011"),
                "between binlog.000009 and binlog.000011: binlog.000010 is missing");
  ExpectMissing(End("binlog.000009", "binlog.000010"), Head("binlog.000013"),
                "binlog.000010 to binlog.000012 are missing");
}

TEST(FileSequenceTest, OrderIsSaid) {
  ExpectMissing(End("binlog.000002", "binlog.000003"), Head("binlog.000001"), "not in order");
  ExpectMissing(End("binlog.000002", "binlog.000003"), Head("binlog.000002"), "not in order");
}

TEST(FileSequenceTest, TwoServersDoNotFollowOneAnother) {
  FileHead head = Head("binlog.000002");
  head.server_id = 2;
  ExpectMissing(End("binlog.000001", "binlog.000002"), head, "two servers (server_id 1 and 2)");
}

TEST(FileSequenceTest, GtidsFindWhatNamesDoNot) {
  FileEnd end = End("binlog.000001", "binlog.000002");
  FileHead head = Head("binlog.000002");
  end.executed = Up("1-4");
  head.previous = Up("1-7");
  ExpectMissing(end, head, ":5-7");
  head.previous = Up("1-4");
  EXPECT_OK(CheckFollows(end, head));
  end.closed = false;  // a crash
  end.next.clear();
  EXPECT_OK(CheckFollows(end, head));
}

TEST(FileSequenceTest, GtidsProveFilesOfOtherNames) {
  FileEnd end = End("monday", "binlog.000002");
  FileHead head = Head("tuesday");
  end.executed = head.previous = Up("1-4");
  EXPECT_OK(CheckFollows(end, head));
  end.executed = head.previous = model::GtidSet();
  ExpectMissing(end, head, "the first says that binlog.000002 follows");
  end.next.clear();
  ExpectMissing(end, head, "nothing tells that the one follows the other");
  end.next = "tuesday";
  EXPECT_OK(CheckFollows(end, head));
}

TEST(FileSequenceTest, NumbersOfMariaDbMayHaveHoles) {
  FileEnd end = End("binlog.000001", "binlog.000002");
  FileHead head = Head("binlog.000002");
  end.executed = Set("0-1-100,0-1-103..103,0-2-102..102");
  head.previous = Set("0-1-103,0-2-102");
  EXPECT_OK(CheckFollows(end, head));
  head.previous = Set("0-1-104,0-2-102");
  ExpectMissing(end, head, "0-1-104");
}

TEST(FileSequenceTest, WithoutGtidsAnOpenEndProvesNothing) {
  FileEnd end = End("binlog.000001", "");
  end.closed = false;
  ExpectMissing(end, Head("binlog.000002"), "does not end as the server ends a binlog");
}

TEST(FileSequenceTest, WhereReadingBeganInTheMiddleNamesDecide) {
  FileEnd end = End("binlog.000001", "binlog.000002");
  end.executed.reset();
  FileHead head = Head("binlog.000002");
  head.previous = Up("1-7");
  EXPECT_OK(CheckFollows(end, head));
}

}  // namespace
}  // namespace dcp::mysql
