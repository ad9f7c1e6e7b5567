#include "mysql/schema_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using KeyKind = TableSchema::KeyKind;
using test::StatusIs;

// The table map of t.a in a captured file.
TableMap Captured(const std::string& file) {
  for (const std::string& event : EventsOf(file)) {
    if (static_cast<uint8_t>(event[4]) != kTableMapEvent) continue;
    const std::string body =
        event.substr(kEventHeaderSize, event.size() - kEventHeaderSize - kChecksumSize);
    auto head = ParseTableMapHead(AsBytes(body), 6);
    EXPECT_OK(head);
    auto map = ParseTableMap(*head);
    EXPECT_OK(map);
    return *std::move(map);
  }
  ADD_FAILURE() << "no table map";
  return {};
}

// The same table as its server would describe it.
TableSchema Catalog() {
  TableSchema catalog = Captured("full.binlog").schema;
  catalog.key_kind = KeyKind::kPrimary;
  catalog.key_columns = {0};
  return catalog;
}

// The columns of a table of INT, VECTOR, VARCHAR and VARCHAR with one field of
// optional metadata, as MySQL 9.7 writes them.
absl::StatusOr<TableMap> VectorTable(uint8_t field, const std::string& value) {
  const std::string body = Le(9, 6) + Le(1, 2) + "\1t" + '\0' + "\1v" + '\0' +  // id, flags, names
                           "\4\x03\xf2\x0f\x0f" +                               // types
                           "\5\x04\x28" + '\0' + "\x28" + '\0' +                // their metadata
                           "\x0e" +                                             // nullable
                           static_cast<char>(field) + static_cast<char>(value.size()) + value;
  auto head = ParseTableMapHead(AsBytes(body), 6);
  if (!head.ok()) return head.status();
  return ParseTableMap(*head);
}

TEST(TableMapTest, CharsetsOfColumnsCountAVectorAsBinaryText) {
  constexpr uint8_t kColumnCharset = 3;
  ASSERT_OK_AND_ASSIGN(const TableMap map, VectorTable(kColumnCharset, "\x3f\x08\x2d"));
  EXPECT_TRUE(map.has_charsets);
  EXPECT_EQ(map.schema.columns[2].collation, 8u);
  EXPECT_EQ(map.schema.columns[3].collation, 45u);
}

// A server newer than this program: its collations 9001 (of sjis) and 9002.
class NewerServer final : public SchemaSource {
 public:
  absl::StatusOr<std::shared_ptr<const TableSchema>> Find(absl::string_view,
                                                          absl::string_view) override {
    return absl::NotFoundError("no tables here");
  }
  absl::StatusOr<std::string> CharsetOf(uint32_t collation) override {
    if (lost) return absl::UnavailableError("lost");
    if (collation == 9001) return "sjis";
    return absl::NotFoundError("no such collation");
  }
  void Invalidate() override {}
  uint64_t generation() const override { return 0; }

  bool lost = false;
};

TEST(ResolveCollationsTest, UnknownOnesAreThoseOfTheServer) {
  TableMap map;
  map.schema.columns.resize(3);
  map.schema.columns[0].collation = 9001;
  map.schema.columns[0].labels = {"\x82\xa0"};
  map.schema.columns[1].collation = 9002;
  map.schema.columns[2].collation = 8;
  NewerServer server;
  ASSERT_OK(ResolveCollations(&server, &map));
  EXPECT_STREQ(CharsetOfCollation(map.schema.columns[0].collation).name, "sjis");
  EXPECT_THAT(map.schema.columns[0].labels, ElementsAre("あ"));
  EXPECT_EQ(map.schema.columns[1].collation, 9002u);
  EXPECT_EQ(map.schema.columns[2].collation, 8u);
  server.lost = true;
  EXPECT_THAT(ResolveCollations(&server, &map), test::HasCode(absl::StatusCode::kUnavailable));
}

TEST(TableMapTest, TheDefaultCharsetsExceptionsCountAVectorToo) {
  constexpr uint8_t kDefaultCharset = 2;
  ASSERT_OK_AND_ASSIGN(const TableMap map,
                       VectorTable(kDefaultCharset, std::string("\x2d\x00\x3f\x02\x08", 5)));
  EXPECT_EQ(map.schema.columns[2].collation, 45u);
  EXPECT_EQ(map.schema.columns[3].collation, 8u);
}

TEST(TableMapTest, FullMetadataTellsAll) {
  const TableMap map = Captured("full.binlog");
  EXPECT_TRUE(IsComplete(map));
  EXPECT_TRUE(map.has_key);
  const TableSchema& schema = map.schema;
  EXPECT_EQ(schema.database, "t");
  EXPECT_EQ(schema.name, "a");
  ASSERT_EQ(schema.columns.size(), 13u);
  EXPECT_EQ(schema.columns[1].name, "u");
  EXPECT_TRUE(schema.columns[1].is_unsigned);
  EXPECT_FALSE(schema.columns[0].is_unsigned);
  EXPECT_EQ(schema.columns[2].meta, 10 << 8 | 3);
  EXPECT_EQ(schema.columns[4].type, kTypeEnum);
  EXPECT_THAT(schema.columns[4].labels, ElementsAre("x", "y"));
  EXPECT_THAT(schema.columns[5].labels, ElementsAre("p", "q"));
  EXPECT_EQ(schema.columns[10].collation, 63u);
  EXPECT_EQ(schema.columns[12].meta, 10);
  EXPECT_FALSE(schema.columns[0].nullable);
  EXPECT_THAT(schema.key_columns, ElementsAre(0u));
}

// An entry of its own for each of a VARCHAR in utf8mb4, a VECTOR and a VARCHAR in latin1,
// as MySQL 9.7 writes it: the VECTOR's is `binary`, and moves those behind it.
TEST(TableMapTest, VectorsHaveAnEntryInTheCharsets) {
  std::string body = Le(9, 6) + Le(0, 2) + std::string("\1d\0\1t\0", 6);
  body += "\x03\x0f\xf2\x0f";                             // VARCHAR, VECTOR, VARCHAR
  body += "\x05\xa0" + Le(0, 1) + "\x04\x28" + Le(0, 1);  // their lengths
  body += "\x07";                                         // all may be NULL
  body += "\x03\x05\xfc\xff" + Le(0, 1) + "\x3f\x08";     // COLUMN_CHARSET: 255, 63, 8
  ASSERT_OK_AND_ASSIGN(const TableMapHead head, ParseTableMapHead(AsBytes(body), 6));
  ASSERT_OK_AND_ASSIGN(const TableMap map, ParseTableMap(head));
  ASSERT_EQ(map.schema.columns.size(), 3u);
  EXPECT_EQ(map.schema.columns[0].collation, 255u);
  EXPECT_EQ(map.schema.columns[2].collation, 8u);
  EXPECT_TRUE(map.has_charsets);
}

TEST(SchemaMergeTest, MinimalMetadataTakesNamesLabelsAndKeyFromTheCatalog) {
  ASSERT_OK_AND_ASSIGN(
      const TableSchema schema,
      CompleteSchema(Captured("minimal.binlog"), std::make_unique<TableSchema>(Catalog()).get()));
  EXPECT_EQ(schema.columns[12].name, "bt");
  EXPECT_THAT(schema.columns[4].labels, ElementsAre("x", "y"));
  EXPECT_EQ(schema.key_kind, KeyKind::kPrimary);
}

TEST(SchemaMergeTest, WithoutCatalogOnlyLabelsAreMissing) {
  ASSERT_OK_AND_ASSIGN(const TableSchema schema,
                       CompleteSchema(Captured("minimal.binlog"), nullptr));
  for (const Column& column : schema.columns) {
    EXPECT_EQ(column.approximate, HasLabels(column.type)) << TypeName(column.type);
    EXPECT_EQ(column.name, "");
  }
  EXPECT_EQ(schema.key_kind, KeyKind::kUnknown);
}

TEST(SchemaMergeTest, FullMetadataWithoutAKeyMeansNone) {
  TableMap map = Captured("full.binlog");
  map.has_key = false;
  map.schema.key_kind = KeyKind::kUnknown;
  map.schema.key_columns.clear();
  ASSERT_OK_AND_ASSIGN(const TableSchema schema, CompleteSchema(map, nullptr));
  EXPECT_EQ(schema.key_kind, KeyKind::kNone);
  ASSERT_OK_AND_ASSIGN(const TableSchema minimal,
                       CompleteSchema(Captured("minimal.binlog"), nullptr));
  EXPECT_EQ(minimal.key_kind, KeyKind::kUnknown);
}

TEST(SchemaMergeTest, AKeyThatCameLaterIsNotTheEvents) {
  TableMap map = Captured("full.binlog");
  map.has_key = false;
  map.schema.key_kind = KeyKind::kUnknown;
  map.schema.key_columns.clear();
  const TableSchema catalog = Catalog();
  ASSERT_EQ(catalog.key_kind, KeyKind::kPrimary);
  ASSERT_OK_AND_ASSIGN(const TableSchema schema, CompleteSchema(map, &catalog));
  EXPECT_EQ(schema.key_kind, KeyKind::kNone);
  EXPECT_TRUE(schema.key_columns.empty());
}

TEST(SchemaMergeTest, AnyDifferenceMeansChanged) {
  const auto differs = [](void (*change)(TableSchema*)) {
    TableSchema catalog = Catalog();
    change(&catalog);
    return CompleteSchema(Captured("minimal.binlog"), &catalog).status();
  };
  const auto changed = StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("schema of table changed since this event"));
  EXPECT_THAT(differs([](TableSchema* s) { s->columns.pop_back(); }), changed);
  EXPECT_THAT(differs([](TableSchema* s) { s->columns[0].type = kTypeShort; }), changed);
  EXPECT_THAT(differs([](TableSchema* s) { s->columns[1].is_unsigned = false; }), changed);
  EXPECT_THAT(differs([](TableSchema* s) { s->columns[2].meta = 11 << 8 | 3; }), changed);
  EXPECT_THAT(differs([](TableSchema* s) { s->columns[3].collation = 45; }), changed);
  EXPECT_THAT(differs([](TableSchema* s) { s->columns[3].nullable = false; }), changed);
  EXPECT_OK(differs([](TableSchema* s) { s->columns[3].collation = 5; }));  // latin1 as well
}

TEST(SchemaMergeTest, FullMetadataOutlivesTheCatalog) {
  TableSchema catalog = Catalog();
  catalog.columns.pop_back();
  ASSERT_OK_AND_ASSIGN(const TableSchema schema, CompleteSchema(Captured("full.binlog"), &catalog));
  EXPECT_EQ(schema.columns.size(), 13u);
  EXPECT_EQ(schema.key_kind, KeyKind::kPrimary);
}

}  // namespace
}  // namespace dcp::mysql
