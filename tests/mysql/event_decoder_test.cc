#include "mysql/event_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::HasSubstr;
using Kind = BinlogEvent::Kind;
using test::HasCode;
using test::StatusIs;

const EventDecoder::Options kFile = {
    .schemas = nullptr, .wants = {}, .positions_in_headers = false};
const EventDecoder::Options kPlainStream = {.schemas = nullptr, .wants = {}};

absl::Status DrainRows(const BinlogEvent& event) {
  std::vector<model::Value> before, after;
  while (event.rows != nullptr) {
    auto row = event.rows->Next(&before, &after);
    if (!row.ok()) return row.status();
    if (!*row) break;
  }
  return absl::OkStatus();
}

// Decodes an event and all inside it; the first error, or that of an
// unreadable event.
absl::Status DecodeAll(EventDecoder* decoder, const std::string& bytes) {
  auto event = decoder->Decode(AsBytes(bytes));
  while (event.ok()) {
    if (*event != nullptr) {
      if (!(*event)->error.ok()) return (*event)->error;
      const absl::Status rows = DrainRows(**event);
      if (!rows.ok()) return rows;
    }
    if (!decoder->inside_payload()) return absl::OkStatus();
    event = decoder->DecodeInner();
  }
  return event.status();
}

std::string RotateBody(uint64_t offset, const std::string& file) { return Le(offset, 8) + file; }

std::string TableMapBody(uint64_t id, const std::string& table, const std::string& types) {
  return Le(id, 6) + Le(0, 2) +
         "\x01"
         "d" +
         std::string(1, '\0') + static_cast<char>(table.size()) + table + std::string(1, '\0') +
         static_cast<char>(types.size()) + types + std::string(1, '\0') +
         std::string((types.size() + 7) / 8, '\0');
}

std::string InsertBody(uint64_t id, uint8_t width, const std::string& images) {
  return Le(id, 6) + Le(0, 2) + Le(2, 2) + Le(width, 1) + "\xff" + images;
}

std::string IntRow(uint32_t value) { return std::string(1, '\0') + Le(value, 4); }

TEST(EventDecoderTest, CapturedFileHasItsGroups) {
  EventDecoder decoder(kFile);
  decoder.SetPosition("f", 4);
  std::map<Kind, int> count;
  model::GtidSet gtids;
  for (const std::string& bytes : EventsOf("minimal.binlog")) {
    auto event = decoder.Decode(AsBytes(bytes));
    ASSERT_OK(event);
    while (*event != nullptr || decoder.inside_payload()) {
      if (*event != nullptr) {
        ++count[(*event)->kind];
        if ((*event)->kind == Kind::kGroupStart) gtids.Add((*event)->gtid);
        EXPECT_OK(DrainRows(**event));
      }
      if (!decoder.inside_payload()) break;
      event = decoder.DecodeInner();
      ASSERT_OK(event);
    }
  }
  EXPECT_EQ(count[Kind::kGroupStart], 8);
  EXPECT_EQ(count[Kind::kCommit], 6);
  EXPECT_EQ(count[Kind::kXaPrepare], 1);
  EXPECT_EQ(count[Kind::kRows], 7);
  EXPECT_EQ(count[Kind::kRowsQuery], 1);
  EXPECT_EQ(count[Kind::kRotate], 1);
  EXPECT_EQ(count[Kind::kUnreadable], 0);
  EXPECT_EQ(gtids.ToString(),
            "cfc1c598-e58b-11f1-8c3d-02fc00000001:1-7,"
            "cfc1c598-e58b-11f1-8c3d-02fc00000001:blue:1");
  EXPECT_EQ(decoder.position().offset, ReadTestFile("minimal.binlog").size());
}

// Every event of a real file, each of its bytes flipped in turn: the checksum
// says so.
TEST(EventDecoderTest, EveryFlippedByteIsSeen) {
  const std::vector<std::string> events = EventsOf("minimal.binlog");
  for (size_t i = 1; i < events.size(); ++i) {
    for (size_t at = 0; at < events[i].size(); ++at) {
      EventDecoder decoder(kFile);
      ASSERT_OK(DecodeAll(&decoder, events[0]));
      std::string damaged = events[i];
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      EXPECT_THAT(decoder.Decode(AsBytes(damaged)), HasCode(absl::StatusCode::kDataLoss))
          << EventTypeName(static_cast<uint8_t>(events[i][4])) << " byte " << at;
    }
  }
}

// Every event cut at every byte, with the size and checksum made right again:
// an error or another reading, but never a crash, and never more rows than the
// bytes hold.
TEST(EventDecoderTest, CutEventsWithRightChecksumsAreHandled) {
  const std::vector<std::string> events = EventsOf("minimal.binlog");
  size_t refused = 0;
  for (size_t i = 1; i < events.size(); ++i) {
    for (size_t size = kEventHeaderSize; size + kChecksumSize < events[i].size(); ++size) {
      EventDecoder decoder(kFile);
      for (size_t before = 0; before < i; ++before) {
        ASSERT_OK(DecodeAll(&decoder, events[before]));
      }
      std::string cut = events[i].substr(0, size) + "crc!";
      cut.replace(9, 4, Le(cut.size(), 4));
      FixChecksum(&cut);
      const absl::Status status = DecodeAll(&decoder, cut);
      if (!status.ok()) {
        EXPECT_THAT(status, HasCode(absl::StatusCode::kDataLoss));
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000u);
}

// As above with each bit flipped in turn, and some bytes of wrong lengths: what a damaged file
// without checksums may hold.
void ChangeAndDecode(const std::vector<std::string>& events, size_t i, size_t at, char value) {
  EventDecoder decoder(kFile);
  DecodeAll(&decoder, events[0]).IgnoreError();
  if (i > 1) DecodeAll(&decoder, events[i - 1]).IgnoreError();  // the table map of a rows event
  std::string changed = events[i];
  changed[at] = value;
  FixChecksum(&changed);
  DecodeAll(&decoder, changed).IgnoreError();
  for (size_t after = i + 1; after < std::min(i + 2, events.size()); ++after) {
    DecodeAll(&decoder, events[after]).IgnoreError();
  }
}

TEST(EventDecoderTest, ChangedBytesWithRightChecksumsAreHandled) {
  for (const char* file : {"minimal.binlog", "full.binlog", "mariadb_types.binlog"}) {
    const std::vector<std::string> events = EventsOf(file);
    for (size_t i = 1; i < events.size(); ++i) {
      for (size_t at = kEventHeaderSize; at + kChecksumSize < events[i].size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
          ChangeAndDecode(events, i, at, static_cast<char>(events[i][at] ^ 1 << bit));
        }
        for (const char value : {'\0', '\x7f', '\xfb', '\xff'})
          ChangeAndDecode(events, i, at, value);
      }
    }
  }
}

TEST(EventDecoderTest, WrongSizesAreRefusedWithFileAndPosition) {
  EventDecoder decoder(kPlainStream);
  decoder.SetPosition("binlog.000007", 1234);
  std::string event = MakeEvent(kXidEvent, Le(1, 8));
  ASSERT_OK(decoder.Decode(AsBytes(event)));
  event[9] = 12;
  EXPECT_THAT(decoder.Decode(AsBytes(event)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("binlog.000007:")));
  EXPECT_THAT(decoder.Decode(AsBytes(event.substr(0, 10))), HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventDecoderTest, PositionsPass4GiB) {
  EventDecoder decoder(kPlainStream);
  const uint64_t start = (uint64_t{1} << 32) - 10;
  decoder.SetPosition("f", start);
  const std::string xid = MakeEvent(kXidEvent, Le(1, 8), false, 0, 17);
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(xid)));
  EXPECT_EQ(event->start.offset, start);
  EXPECT_EQ(event->end.offset, (uint64_t{1} << 32) + 17);
  // MariaDB leaves 0 inside transactions.
  const std::string unset = MakeEvent(kXidEvent, Le(1, 8));
  ASSERT_OK_AND_ASSIGN(event, decoder.Decode(AsBytes(unset)));
  EXPECT_EQ(event->end.offset, (uint64_t{1} << 32) + 17 + unset.size());
}

// Their own headers tell none, or that of another file.
TEST(EventDecoderTest, EventsInsideAPayloadStandWhereThePayloadDoes) {
  EventDecoder decoder(kPlainStream);
  decoder.SetPosition("f", 4);
  int inside = 0;
  uint64_t offset = 4;
  for (const std::string& bytes : EventsOf("minimal.binlog")) {
    ASSERT_OK(decoder.Decode(AsBytes(bytes)));
    const uint64_t end = offset + bytes.size();
    while (decoder.inside_payload()) {
      ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.DecodeInner());
      if (event == nullptr) continue;
      ++inside;
      EXPECT_EQ(event->start, (model::BinlogPosition{"f", offset}));
      EXPECT_EQ(event->end, (model::BinlogPosition{"f", end}));
    }
    if (static_cast<uint8_t>(bytes[4]) != kRotateEvent) {
      EXPECT_EQ(decoder.position().offset, end);
    }
    offset = end;
  }
  EXPECT_GE(inside, 3);  // BEGIN, rows, XID
}

TEST(EventDecoderTest, GroupsThatTheServerSkippedMoveThePosition) {
  EventDecoder decoder(kPlainStream);
  decoder.SetPosition("f", 4);
  const std::string xid = MakeEvent(kXidEvent, Le(1, 8), false, 0, 5000);
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(xid)));
  EXPECT_EQ(event->start.offset, 5000 - xid.size());
  EXPECT_EQ(event->end.offset, 5000u);
}

TEST(EventDecoderTest, ArtificialRotateWithAndWithoutChecksum) {
  for (const bool negotiated : {false, true}) {
    for (const bool checksum : {false, true}) {
      EventDecoder decoder({.schemas = nullptr, .wants = {}, .checksums = negotiated});
      const auto event = decoder.Decode(AsBytes(
          MakeEvent(kRotateEvent, RotateBody(4, "binlog.000009"), checksum, kFlagArtificial)));
      if (negotiated && !checksum) {
        EXPECT_THAT(event, HasCode(absl::StatusCode::kDataLoss));
        continue;
      }
      ASSERT_OK(event);
      EXPECT_EQ((*event)->kind, Kind::kRotate);
      EXPECT_EQ((*event)->end.file, "binlog.000009");
      EXPECT_EQ(decoder.position().file, "binlog.000009");
    }
  }
}

TEST(EventDecoderTest, UnknownEventsAreSteppedOverBySize) {
  EventDecoder decoder(kPlainStream);
  decoder.SetPosition("f", 4);
  const std::string unknown = MakeEvent(100, "whatever");
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(unknown)));
  EXPECT_EQ(event->kind, Kind::kUnreadable);
  EXPECT_THAT(event->error,
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("event type 100")));
  EXPECT_EQ(event->end.offset, 4 + unknown.size());
  const std::string ignorable = MakeEvent(100, "whatever", false, kFlagIgnorable);
  ASSERT_OK_AND_ASSIGN(event, decoder.Decode(AsBytes(ignorable)));
  EXPECT_EQ(event->kind, Kind::kOther);
}

// Images of a record's own NULL bits, behind a table map without metadata.
TEST(EventDecoderTest, RowsFromBeforeMySql51sReleaseAreNamedAndPassedOver) {
  const std::pair<uint8_t, const char*> kCases[] = {{kPreGaWriteRowsEvent, "WRITE_ROWS v0"},
                                                    {kPreGaUpdateRowsEvent, "UPDATE_ROWS v0"},
                                                    {kPreGaDeleteRowsEvent, "DELETE_ROWS v0"}};
  EventDecoder decoder(kPlainStream);
  for (const auto& [type, name] : kCases) {
    const std::string map =
        MakeEvent(kTableMapEvent, Le(1, 6) + Le(0, 2) + "\x01" + "d" + std::string(1, '\0') +
                                      "\x01" + "t" + std::string(1, '\0') + "\x01\x03");
    EXPECT_OK(decoder.Decode(AsBytes(map)));
    const std::string rows = MakeEvent(type, Le(1, 6) + Le(1, 2) + "\x01\xff" + "\xfd" + Le(41, 4));
    const auto event = decoder.Decode(AsBytes(rows));
    ASSERT_OK(event);
    ASSERT_EQ((*event)->kind, Kind::kUnreadable);
    EXPECT_EQ((*event)->rows, nullptr);
    EXPECT_THAT((*event)->error,
                StatusIs(absl::StatusCode::kUnimplemented,
                         ::testing::AllOf(HasSubstr(name), HasSubstr("before 5.1.18"))));
  }
  const std::string xid = MakeEvent(kXidEvent, Le(7, 8));
  const auto event = decoder.Decode(AsBytes(xid));
  ASSERT_OK(event);
  EXPECT_EQ((*event)->kind, Kind::kCommit);
}

TEST(EventDecoderTest, ATableIdGivenAnewIsTheNewTable) {
  EventDecoder decoder(kPlainStream);
  for (const std::string table : {"one", "two"}) {
    ASSERT_OK(decoder.Decode(
        AsBytes(MakeEvent(kTableMapEvent, TableMapBody(9, table, std::string("\x03"))))));
    const std::string rows = MakeEvent(kWriteRowsEvent, InsertBody(9, 1, IntRow(5)));
    ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(rows)));
    ASSERT_EQ(event->kind, Kind::kRows);
    EXPECT_EQ(event->table->name, table);
  }
}

// The ids of tables that nobody wants count as well.
TEST(EventDecoderTest, ATableIdGivenToAnUnwantedTableIsNotTheWantedOnesAnyMore) {
  EventDecoder decoder(
      {.schemas = nullptr,
       .wants = [](absl::string_view, absl::string_view table) { return table == "wanted"; }});
  for (const std::string table : {"wanted", "other", "wanted", "another"}) {
    ASSERT_OK(decoder.Decode(
        AsBytes(MakeEvent(kTableMapEvent, TableMapBody(9, table, std::string("\x03"))))));
    const std::string rows = MakeEvent(kWriteRowsEvent, InsertBody(9, 1, IntRow(5)));
    ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(rows)));
    EXPECT_EQ(event->kind, table == "wanted" ? Kind::kRows : Kind::kOther);
    EXPECT_EQ(event->table->name, table);
  }
}

TEST(EventDecoderTest, TableMapsEndWithTheirFile) {
  EventDecoder decoder(kPlainStream);
  ASSERT_OK(decoder.Decode(
      AsBytes(MakeEvent(kTableMapEvent, TableMapBody(9, "t", std::string("\x03"))))));
  ASSERT_OK(decoder.Decode(
      AsBytes(MakeEvent(kRotateEvent, RotateBody(4, "next"), false, kFlagArtificial))));
  const std::string rows = MakeEvent(kWriteRowsEvent, InsertBody(9, 1, IntRow(5)));
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(rows)));
  EXPECT_EQ(event->kind, Kind::kUnreadable);
  EXPECT_THAT(std::string(event->error.message()), HasSubstr("without its table map"));
}

TEST(EventDecoderTest, RowsOfOtherWidthThanTheirTableMapAreDamage) {
  EventDecoder decoder(kPlainStream);
  ASSERT_OK(decoder.Decode(
      AsBytes(MakeEvent(kTableMapEvent, TableMapBody(9, "t", std::string("\x03"))))));
  EXPECT_THAT(decoder.Decode(AsBytes(MakeEvent(kWriteRowsEvent, InsertBody(9, 2, IntRow(5))))),
              HasCode(absl::StatusCode::kDataLoss));
}

TEST(EventDecoderTest, AColumnTypeFromTheFutureLosesOnlyItsTable) {
  EventDecoder decoder(kPlainStream);
  ASSERT_OK(decoder.Decode(
      AsBytes(MakeEvent(kTableMapEvent, TableMapBody(9, "new", std::string("\x03\xee"))))));
  const std::string rows = MakeEvent(kWriteRowsEvent, InsertBody(9, 2, "x"));
  ASSERT_OK_AND_ASSIGN(const BinlogEvent* event, decoder.Decode(AsBytes(rows)));
  EXPECT_EQ(event->kind, Kind::kUnreadable);
  EXPECT_THAT(event->error, StatusIs(absl::StatusCode::kUnimplemented,
                                     HasSubstr("type 238 of column 2 of d.new")));
  EXPECT_EQ(event->table->name, "new");
}

class CountingSource final : public SchemaSource {
 public:
  absl::StatusOr<std::shared_ptr<const TableSchema>> Find(absl::string_view,
                                                          absl::string_view) override {
    ++asked;
    if (!error.ok()) return error;
    if (stale && generation_ == 0) return std::make_shared<const TableSchema>();
    return std::make_shared<const TableSchema>(schema);
  }
  absl::StatusOr<std::string> CharsetOf(uint32_t collation) override {
    if (!error.ok()) return error;
    if (collation == 9001) return "sjis";
    return absl::NotFoundError("no such collation");
  }
  void Invalidate() override { ++generation_; }
  uint64_t generation() const override { return generation_; }

  int asked = 0;
  bool stale = false;  // until the first Invalidate()
  absl::Status error;
  TableSchema schema;

 private:
  uint64_t generation_ = 0;
};

std::string QueryBody(const std::string& query) {
  return Le(0, 8) + Le(0, 1) + Le(0, 2) + Le(0, 2) + std::string(1, '\0') + query;
}

class SchemaSourceTest : public ::testing::Test {
 protected:
  SchemaSourceTest() : decoder_({.schemas = &source_, .wants = {}}) {
    Column column;
    column.name = "id";
    column.type = 3;
    column.nullable = false;
    source_.schema.columns = {column};
  }

  const BinlogEvent* Feed(uint8_t type, const std::string& body) {
    bytes_ = MakeEvent(type, body);
    auto event = decoder_.Decode(AsBytes(bytes_));
    status_ = event.status();
    return event.value_or(nullptr);
  }
  const BinlogEvent* FeedRows() {
    Feed(kTableMapEvent, TableMapBody(9, "t", std::string("\x03")));
    return Feed(kWriteRowsEvent, InsertBody(9, 1, IntRow(5)));
  }

  CountingSource source_;
  EventDecoder decoder_;
  std::string bytes_;
  absl::Status status_;
};

// A GTID event of MySQL 8: committed at `seconds`.
std::string GtidBody(int64_t seconds) {
  return std::string(1, '\0') + std::string(16, 'u') + Le(7, 8) + Le(2, 1) + std::string(16, '\0') +
         Le(static_cast<uint64_t>(seconds) * 1000000, 7);
}

// MINIMAL metadata tells no names, labels and order of like columns.
TEST_F(SchemaSourceTest, RowsFromBeforeTheTablesDefinitionAreUnreadable) {
  source_.schema.defined_seconds = 100;
  Feed(kGtidEvent, GtidBody(99));
  const BinlogEvent* event = FeedRows();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->kind, Kind::kUnreadable);
  EXPECT_THAT(event->error,
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("altered or made anew")));
  Feed(kGtidEvent, GtidBody(100));
  EXPECT_EQ(FeedRows()->kind, Kind::kRows);
  EXPECT_EQ(source_.asked, 2);
  Feed(kGtidEvent,
       std::string(1, '\0') + std::string(16, 'u') + Le(8, 8));  // of a server before 8.0
  EXPECT_EQ(FeedRows()->kind, Kind::kRows);
}

TEST_F(SchemaSourceTest, IsAskedOncePerTableUntilDdl) {
  ASSERT_EQ(FeedRows()->table->columns[0].name, "id");
  Feed(kQueryEvent, QueryBody("BEGIN"));
  Feed(kQueryEvent, QueryBody("SAVEPOINT `a`"));
  FeedRows();
  EXPECT_EQ(source_.asked, 1);
  Feed(kQueryEvent, QueryBody("ALTER TABLE t RENAME COLUMN id TO key_"));
  source_.schema.columns[0].name = "key_";
  EXPECT_EQ(FeedRows()->table->columns[0].name, "key_");
  EXPECT_EQ(source_.asked, 2);
  Feed(kQueryEvent, QueryBody("BEGINNING"));  // not the word: better once too often
  FeedRows();
  EXPECT_EQ(source_.asked, 3);
}

TEST_F(SchemaSourceTest, ATableThatDoesNotMatchIsReadAgainOnce) {
  source_.stale = true;
  EXPECT_EQ(FeedRows()->kind, Kind::kRows);
  EXPECT_EQ(source_.asked, 2);
  FeedRows();
  source_.schema.columns.clear();
  Feed(kQueryEvent, QueryBody("DROP TABLE x"));
  const int before = source_.asked;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(FeedRows()->kind, Kind::kUnreadable);
  EXPECT_LE(source_.asked, before + 1);
}

TEST_F(SchemaSourceTest, UnreachableEndsTheStreamMissingOnlyTheTable) {
  source_.error = absl::NotFoundError("gone");
  EXPECT_EQ(FeedRows()->kind, Kind::kUnreadable);
  Feed(kQueryEvent, QueryBody("DROP TABLE x"));
  source_.error = absl::UnavailableError("lost");
  EXPECT_EQ(FeedRows(), nullptr);
  EXPECT_THAT(status_, HasCode(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace dcp::mysql
