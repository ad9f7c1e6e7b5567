// MariaDB's events: GTIDs with their flags, GTID lists, compressed queries and rows, encryption,
// and the values of its own types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "mysql/event.h"
#include "mysql/event_decoder.h"
#include "mysql/gtid_codec.h"
#include "mysql/inflate.h"
#include "mysql/mariadb_type.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using Kind = BinlogEvent::Kind;
using Group = BinlogEvent::Group;
using test::HasCode;
using test::StatusIs;
using ::testing::HasSubstr;

constexpr uint32_t kServer = 7;  // MakeEvent's

std::string GtidBody(uint64_t number, uint32_t domain, uint8_t flags,
                     const std::string& more = "") {
  std::string body = Le(number, 8) + Le(domain, 4) + Le(flags, 1) + more;
  if (body.size() < 19) body.resize(19);
  return body;
}

std::string Xid() { return Le(1, 4) + "\x02" + std::string(1, '\0') + "x1"; }

// `text` as a compressed record: head, size, zlib stream.
std::string Record(const std::string& text, uint64_t told) {
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(text.data()), text.size());
  packed.resize(size);
  std::string record = "\x82";
  record += static_cast<char>(told >> 8);
  record += static_cast<char>(told);
  return record + packed;
}

TEST(MariaDbGtidTest, FlagsSayWhatTheGroupIs) {
  ASSERT_OK_AND_ASSIGN(const MariaDbGtidFields plain,
                       ParseMariaDbGtid(AsBytes(GtidBody(105, 3, 0x0c)), kServer));
  EXPECT_EQ(model::ToString(plain.gtid), "3-7-105");
  EXPECT_FALSE(plain.standalone);
  EXPECT_TRUE(ParseMariaDbGtid(AsBytes(GtidBody(1, 0, 0x29)), kServer)->standalone);
}

TEST(MariaDbGtidTest, XidsStandBehindTheCommitId) {
  const std::string prepared = GtidBody(9, 0, 0x4c, Xid() + "\x01\xff");
  ASSERT_OK_AND_ASSIGN(MariaDbGtidFields fields, ParseMariaDbGtid(AsBytes(prepared), kServer));
  EXPECT_TRUE(fields.prepared_xa);
  EXPECT_EQ(fields.xid, "X'7831',X'',1");
  const std::string completed = GtidBody(10, 0, 0x8f, Le(77, 8) + Xid());
  ASSERT_OK_AND_ASSIGN(fields, ParseMariaDbGtid(AsBytes(completed), kServer));
  EXPECT_TRUE(fields.completed_xa);
  EXPECT_EQ(fields.xid, "X'7831',X'',1");
}

TEST(MariaDbGtidTest, AltersOfTwoPhasesNameTheirStart) {
  ASSERT_OK_AND_ASSIGN(MariaDbGtidFields fields,
                       ParseMariaDbGtid(AsBytes(GtidBody(40, 0, 0x29, "\x02")), kServer));
  EXPECT_TRUE(fields.starts_alter);
  const std::string commit = GtidBody(41, 0, 0x29, "\x04" + Le(40, 8));
  ASSERT_OK_AND_ASSIGN(fields, ParseMariaDbGtid(AsBytes(commit), kServer));
  EXPECT_TRUE(fields.commits_alter);
  EXPECT_EQ(fields.start_alter_number, 40u);
}

TEST(MariaDbGtidTest, WhatIsNoGtidIsDamage) {
  const std::string whole = GtidBody(9, 0, 0x4c, Xid());
  for (size_t size = 0; size < 19; ++size) {
    EXPECT_THAT(ParseMariaDbGtid(AsBytes(whole.substr(0, size)), kServer),
                HasCode(absl::StatusCode::kDataLoss))
        << size;
  }
  EXPECT_THAT(ParseMariaDbGtid(AsBytes(GtidBody(0, 0, 1)), kServer),
              HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseMariaDbGtid(AsBytes(GtidBody(1, 0, 1)), 0),
              HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseMariaDbGtid(AsBytes(GtidBody(1, 0, 0x40, Le(1, 4) + "\x41")), kServer),
              HasCode(absl::StatusCode::kDataLoss));
}

TEST(GtidListTest, IsTheStateBeforeTheFile) {
  const std::string body =
      Le(2 | 0x10000000, 4) + Le(0, 4) + Le(1, 4) + Le(105, 8) + Le(5, 4) + Le(2, 4) + Le(7, 8);
  ASSERT_OK_AND_ASSIGN(const model::GtidSet state, ParseGtidList(AsBytes(body)));
  EXPECT_EQ(state.ToString(), "0-1-105,5-2-7");
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_THAT(ParseGtidList(AsBytes(body.substr(0, size))), HasCode(absl::StatusCode::kDataLoss));
  }
}

TEST(PositionBehindTest, TheHighestNumberOfADomainCounts) {
  EXPECT_EQ(PositionBehind(*model::GtidSet::Parse("0-1-105,0-2-107,7-1-3")).ToString(),
            "0-2-107,7-1-3");
  EXPECT_TRUE(PositionBehind(*model::GtidSet::Parse("")).empty());
}

TEST(InflateTest, UnpacksToTheToldSizeOnly) {
  const std::string text(3000, 'q');
  std::string buffer;
  ASSERT_OK_AND_ASSIGN(const Bytes bytes, Inflate(AsBytes(Record(text, 3000)), &buffer));
  EXPECT_EQ(AsText(bytes), text);
  for (const uint64_t told : {0u, 1u, 2999u, 3001u, 65535u}) {
    EXPECT_THAT(Inflate(AsBytes(Record(text, told)), &buffer), HasCode(absl::StatusCode::kDataLoss))
        << told;
  }
}

TEST(InflateTest, EveryCutAndEveryOtherHeadIsDamage) {
  const std::string record = Record(std::string(300, 'a') + "bcd", 303);
  std::string buffer;
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(Inflate(AsBytes(record.substr(0, size)), &buffer),
                HasCode(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(Inflate(AsBytes(record + "x"), &buffer), HasCode(absl::StatusCode::kDataLoss));
  for (const char head : {'\x02', '\x80', '\x87', '\x92'}) {
    std::string other = record;
    other[0] = head;
    EXPECT_THAT(Inflate(AsBytes(other), &buffer), HasCode(absl::StatusCode::kDataLoss));
  }
}

TEST(InflateTest, ColumnsAreBoundedByTheirType) {
  const std::string packed = Record(std::string(3000, 'q'), 3000);
  std::string value;
  ASSERT_TRUE(InflateColumn(AsBytes(packed), 65535, &value));
  EXPECT_EQ(value, std::string(3000, 'q'));
  EXPECT_FALSE(InflateColumn(AsBytes(packed), 2999, &value));
  EXPECT_FALSE(InflateColumn(AsBytes(packed.substr(0, 9)), 65535, &value));
  ASSERT_TRUE(InflateColumn(AsBytes(std::string("\0plain", 6)), 5, &value));
  EXPECT_EQ(value, "plain");
  EXPECT_FALSE(InflateColumn(AsBytes(std::string("\0plain", 6)), 4, &value));
  EXPECT_TRUE(InflateColumn({}, 5, &value));
  EXPECT_FALSE(InflateColumn(AsBytes("\x92zz"), 5, &value));
}

TEST(MariaDbTypeTest, ValuesAreTheServersTexts) {
  std::string text;
  const std::string uuid("\xbb\x27\x7c\x69\xe5\xa8\x11\xf1\x9a\xdb\x02\xfc\x00\x00\x00\x01", 16);
  ASSERT_TRUE(FormToText(Column::Form::kUuid, AsBytes(uuid), &text));
  EXPECT_EQ(text, "bb277c69-e5a8-11f1-9adb-02fc00000001");
  ASSERT_TRUE(FormToText(Column::Form::kInet4, AsBytes("\xc0"), &text));
  EXPECT_EQ(text, "192.0.0.0");
  ASSERT_TRUE(FormToText(Column::Form::kInet6, {}, &text));
  EXPECT_EQ(text, "::");
  EXPECT_FALSE(FormToText(Column::Form::kInet4, AsBytes("12345"), &text));
}

class MariaDbDecoderTest : public ::testing::Test {
 protected:
  const BinlogEvent* Feed(uint8_t type, const std::string& body, uint16_t flags = 0) {
    bytes_ = MakeEvent(type, body, false, flags);
    auto event = decoder_.Decode(AsBytes(bytes_));
    status_ = event.status();
    return event.value_or(nullptr);
  }

  EventDecoder decoder_{{.schemas = nullptr, .wants = {}}};
  std::string bytes_;
  absl::Status status_;
};

TEST_F(MariaDbDecoderTest, GroupsSayWhatTheyAre) {
  const BinlogEvent* event = Feed(kMariaDbGtidEvent, GtidBody(5, 0, 0x0c));
  EXPECT_EQ(event->kind, Kind::kGroupStart);
  EXPECT_EQ(event->group, Group::kTransaction);
  EXPECT_EQ(event->server_id, kServer);
  EXPECT_EQ(model::ToString(event->gtid), "0-7-5");
  event = Feed(kMariaDbGtidEvent, GtidBody(6, 0, 0x29, "\x02"));
  EXPECT_EQ(event->group, Group::kStandalone);
  EXPECT_TRUE(event->announces_only);
  event = Feed(kMariaDbGtidEvent, GtidBody(7, 0, 0x29));
  EXPECT_FALSE(event->announces_only);
}

TEST_F(MariaDbDecoderTest, ArtificialGtidListsTellNothingOfTheFile) {
  const std::string list = Le(1, 4) + Le(0, 4) + Le(1, 4) + Le(105, 8);
  EXPECT_EQ(Feed(kGtidListEvent, list)->kind, Kind::kPreviousGtids);
  EXPECT_EQ(Feed(kGtidListEvent, list, kFlagArtificial)->kind, Kind::kOther);
}

TEST_F(MariaDbDecoderTest, CompressedQueriesAndRowsAreAsPlainOnes) {
  const std::string head = Le(0, 8) + Le(1, 1) + Le(0, 2) + Le(0, 2) + "d" + std::string(1, '\0');
  const BinlogEvent* event = Feed(kQueryCompressedEvent, head + Record("DROP TABLE x", 12));
  EXPECT_EQ(event->query, "DROP TABLE x");
  Feed(kTableMapEvent, Le(9, 6) + Le(0, 2) + "\x01" + "d" + std::string(1, '\0') + "\x01" + "t" +
                           std::string(1, '\0') + "\x01\x03" + std::string(2, '\0'));
  const std::string row = std::string(1, '\0') + Le(41, 4);
  const std::string rows = Le(9, 6) + Le(0, 2) + "\x01" + "\xff";
  event = Feed(kWriteRowsCompressedEventV1, rows + Record(row, row.size()));
  ASSERT_EQ(event->kind, Kind::kRows) << status_;
  EXPECT_EQ(event->op, BinlogEvent::RowOp::kInsert);
  std::vector<model::Value> before, after;
  ASSERT_TRUE(*event->rows->Next(&before, &after));
  EXPECT_EQ(after[0].signed_int, 41);
  EXPECT_EQ(Feed(kDeleteRowsCompressedEventV1, rows + Record(row, row.size()))->op,
            BinlogEvent::RowOp::kDelete);
  EXPECT_EQ(Feed(kWriteRowsCompressedEventV1, rows + Record(row, 99)), nullptr);
  EXPECT_THAT(status_, HasCode(absl::StatusCode::kDataLoss));
}

TEST_F(MariaDbDecoderTest, RowsInPiecesAreNamed) {
  const BinlogEvent* event = Feed(kPartialRowDataEvent, "x");
  EXPECT_EQ(event->kind, Kind::kUnreadable);
  EXPECT_THAT(std::string(event->error.message()), HasSubstr("PARTIAL_ROW_DATA"));
}

TEST_F(MariaDbDecoderTest, EncryptionIsTheServersOwnMatterOnlyOverTheWire) {
  EXPECT_EQ(Feed(kStartEncryptionEvent, std::string(17, 'n'))->kind, Kind::kOther);
  EventDecoder file({.schemas = nullptr, .wants = {}, .positions_in_headers = false});
  const std::string event = MakeEvent(kStartEncryptionEvent, std::string(17, 'n'));
  EXPECT_THAT(file.Decode(AsBytes(event)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("encrypt_binlog=ON")));
}

TEST_F(MariaDbDecoderTest, HeartbeatsBeyond4GiBHaveTheirPlaceInTheBody) {
  decoder_.SetPosition("binlog.000001", 4);
  const uint64_t place = (uint64_t{5} << 32) + 7;
  const BinlogEvent* event = Feed(kHeartbeatEvent, Le(place, 8) + "binlog.000001");
  EXPECT_EQ(event->end, (model::BinlogPosition{"binlog.000001", place}));
}

}  // namespace
}  // namespace dcp::mysql
