#include "mysql/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using test::HasCode;
using test::StatusIs;
using ::testing::HasSubstr;

TEST(EventTest, FormatDescriptionTellsChecksums) {
  const std::string event = EventsOf("minimal.binlog")[0];
  ASSERT_OK_AND_ASSIGN(const FormatDescription format,
                       ParseFormatDescription(AsBytes(event), true));
  EXPECT_THAT(format.server_version, HasSubstr("9.7"));
  EXPECT_TRUE(format.checksums);
  EXPECT_EQ(format.PostHeaderLength(kTableMapEvent, 0), 8);
  EXPECT_EQ(format.PostHeaderLength(kWriteRowsEvent, 0), 10);
  EXPECT_EQ(format.PostHeaderLength(200, 99), 99);
}

TEST(EventTest, InUseFlagOfAnOpenFileDoesNotBreakTheChecksum) {
  std::string event = EventsOf("minimal.binlog")[0];
  event[17] = 1;
  EXPECT_OK(ParseFormatDescription(AsBytes(event), true));
  event[30] = static_cast<char>(event[30] ^ 1);
  EXPECT_THAT(ParseFormatDescription(AsBytes(event), true),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checksum")));
}

TEST(EventTest, FormatDescriptionCutAnywhereIsRefused) {
  const std::string event = EventsOf("minimal.binlog")[0];
  for (size_t size = 0; size < event.size(); ++size) {
    EXPECT_THAT(ParseFormatDescription(AsBytes(event.substr(0, size)), false),
                HasCode(absl::StatusCode::kDataLoss))
        << size;
  }
}

TEST(EventTest, SwitchedOffChecksumsAreNotBelievedInAFile) {
  std::string event = EventsOf("minimal.binlog")[0];
  event[event.size() - kChecksumSize - 1] = 0;
  EXPECT_OK(ParseFormatDescription(AsBytes(event), false));
  EXPECT_THAT(ParseFormatDescription(AsBytes(event), true), HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventTest, GtidWithoutTimesOfOldServers) {
  const std::string body = std::string(1, '\0') + std::string(16, 'u') + Le(7, 8);
  ASSERT_OK_AND_ASSIGN(const GtidFields fields, ParseGtid(AsBytes(body), false));
  EXPECT_EQ(fields.gtid.number, 7u);
  EXPECT_EQ(fields.commit_micros, 0);
  EXPECT_TRUE(ParseGtid(AsBytes(body), true)->gtid.empty());
  EXPECT_THAT(ParseGtid(AsBytes(body.substr(0, 24)), false), HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventTest, QueryWithoutItsTerminatorIsRefused) {
  const std::string head = Le(0, 8) + Le(1, 1) + Le(3, 2) + Le(2, 2) + "ss" + "d";
  const std::string whole = head + std::string("\0BEGIN", 6);
  ASSERT_OK_AND_ASSIGN(const QueryFields fields, ParseQuery(AsBytes(whole)));
  EXPECT_EQ(fields.database, "d");
  EXPECT_EQ(fields.query, "BEGIN");
  EXPECT_EQ(fields.error_code, 3);
  EXPECT_THAT(ParseQuery(AsBytes(head)), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseQuery(AsBytes(head + "xBEGIN")), HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventTest, XaPartsLongerThanXidsAreRefused) {
  const std::string good = Le(1, 1) + Le(0xffffffff, 4) + Le(1, 4) + Le(0, 4) + "g";
  ASSERT_OK_AND_ASSIGN(const XaPrepareFields fields, ParseXaPrepare(AsBytes(good)));
  EXPECT_EQ(fields.xid, "X'67',X'',-1");
  EXPECT_TRUE(fields.one_phase);
  EXPECT_THAT(ParseXaPrepare(AsBytes(Le(0, 1) + Le(1, 4) + Le(65, 4) + Le(0, 4))),
              HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventTest, RowsQueryIgnoresItsLengthByte) {
  const std::string long_text(300, 'q');
  EXPECT_EQ(*ParseRowsQuery(AsBytes("\xff" + long_text)), long_text);
}

TEST(EventTest, HeartbeatsOfBothVersions) {
  EventHeader header;
  header.type = kHeartbeatEvent;
  header.log_pos = 99;
  EXPECT_EQ(ParseHeartbeat(AsBytes("binlog.000001"), header)->offset, 99u);
  header.type = kHeartbeatEventV2;
  const std::string body =
      "\x01\x01"
      "f\x02\x09\xfe" +
      Le(uint64_t{5} << 32, 8);
  ASSERT_OK_AND_ASSIGN(const RotateFields fields, ParseHeartbeat(AsBytes(body), header));
  EXPECT_EQ(fields.file, "f");
  EXPECT_EQ(fields.offset, uint64_t{5} << 32);
}

// The captured transaction has the tag "blue".
TEST(EventTest, ATagIsAsMySqlAllowsIt) {
  std::string body;
  for (const std::string& event : EventsOf("minimal.binlog")) {
    if (event[4] != kTaggedGtidEvent) continue;
    body = event.substr(kEventHeaderSize, event.size() - kEventHeaderSize - kChecksumSize);
  }
  ASSERT_OK_AND_ASSIGN(const GtidFields fields, ParseTaggedGtid(AsBytes(body)));
  EXPECT_EQ(fields.gtid.source.label, "blue");
  EXPECT_EQ(fields.gtid.number, 1u);
  const size_t label = body.find("blue");
  for (const char* other : {"9lue", "Blue", "bl e", "bl-e", "bl:e", "bl\xc3\xbc"}) {
    std::string changed = body;
    changed.replace(label, 4, other);
    EXPECT_THAT(ParseTaggedGtid(AsBytes(changed)), HasCode(absl::StatusCode::kDataLoss)) << other;
  }
  body.replace(label, 4, "b_7z");
  EXPECT_EQ(ParseTaggedGtid(AsBytes(body))->gtid.source.label, "b_7z");
}

TEST(EventTest, TypesHaveTheirNames) {
  EXPECT_EQ(EventTypeName(kQueryEvent), "QUERY");
  EXPECT_EQ(EventTypeName(kPreGaWriteRowsEvent), "WRITE_ROWS v0");
  EXPECT_EQ(EventTypeName(kWriteRowsEventV1), "WRITE_ROWS v1");
  EXPECT_EQ(EventTypeName(kWriteRowsEvent), "WRITE_ROWS");
  EXPECT_EQ(EventTypeName(kTaggedGtidEvent), "GTID_TAGGED");
  EXPECT_EQ(EventTypeName(kAnnotateRowsEvent), "ANNOTATE_ROWS");
  EXPECT_EQ(EventTypeName(kPartialRowDataEvent), "PARTIAL_ROW_DATA");
  EXPECT_EQ(EventTypeName(99), "event type 99");
}

}  // namespace
}  // namespace dcp::mysql
