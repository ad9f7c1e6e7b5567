// MariaDB's own types: a file of MariaDB 10.11 (FULL row metadata) with its COMPRESSED columns,
// UUID, INET4, INET6, and GEOMETRY beside text in several charsets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "mysql/column_type.h"
#include "mysql/file_binlog_reader.h"
#include "mysql/row_decoder.h"
#include "mysql/schema_catalog.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using Kind = model::Value::Kind;

std::string Repeat(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

// The inserted rows of each table, by id.
std::map<std::string, std::map<int64_t, std::vector<model::Value>>> ReadRows() {
  std::map<std::string, std::map<int64_t, std::vector<model::Value>>> tables;
  auto reader = FileBinlogReader::Open({.files = {TestFile("mariadb_types.binlog")}});
  EXPECT_OK(reader);
  while (reader.ok()) {
    auto event = (*reader)->Next(absl::Seconds(1));
    if (!event.ok()) {
      EXPECT_THAT(event, test::HasCode(absl::StatusCode::kOutOfRange));
      return tables;
    }
    std::vector<model::Value> before, after;
    while ((*event)->rows != nullptr) {
      auto row = (*event)->rows->Next(&before, &after);
      EXPECT_OK(row);
      if (!row.ok() || !*row) break;
      tables[(*event)->table->name][after[0].signed_int] = after;
    }
  }
  return tables;
}

std::vector<std::string> Texts(const std::vector<model::Value>& row, size_t first) {
  std::vector<std::string> texts;
  for (size_t i = first; i < row.size(); ++i) {
    texts.push_back(row[i].kind == Kind::kNull ? "NULL" : row[i].text);
  }
  return texts;
}

TEST(MariaDbTypesTest, CompressedColumnsAreInflatedAndConverted) {
  auto rows = ReadRows()["c"];
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_THAT(Texts(rows[1], 1), ElementsAre("é", "x", "y", "z", "あ"));
  EXPECT_THAT(Texts(rows[2], 1), ElementsAre(Repeat("é", 300), Repeat("añ", 20000),
                                             Repeat("q", 500), Repeat("w", 100000), ""));
  EXPECT_THAT(Texts(rows[3], 1), ElementsAre("", "", "", "", ""));
  EXPECT_EQ(rows[4][1].kind, Kind::kNull);
  EXPECT_EQ(rows[5][2].text, Repeat("abc", 1000));
  EXPECT_EQ(rows[1][1].kind, Kind::kText);
  EXPECT_EQ(rows[1][3].kind, Kind::kBytes);
}

// MariaDB counts GEOMETRY among the columns that have a charset, MySQL does not.
TEST(MariaDbTypesTest, CharsetsBesideAGeometryAreThoseOfTheirColumns) {
  auto rows = ReadRows()["g"];
  EXPECT_EQ(rows[1][2].text, "é");   // latin1
  EXPECT_EQ(rows[1][4].text, "é");   // ENUM in latin1
  EXPECT_EQ(rows[1][5].text, "あ");  // sjis
  EXPECT_EQ(rows[1][10].text, "abc");
  EXPECT_EQ(rows[1][1].kind, Kind::kBytes);
}

// As MariaDB 10.11's information_schema describes it.
Column Described(const char* data_type, const char* column_type, uint64_t octets = 0,
                 const char* charset = "") {
  return ToColumn({.name = "c",
                   .data_type = data_type,
                   .column_type = column_type,
                   .octet_length = octets,
                   .charset = charset,
                   .extra = ""});
}

TEST(MariaDbTypesTest, TheCatalogTellsUuidsAndAddressesFromBytes) {
  auto rows = ReadRows()["g"];
  for (const auto& [type, column, texts] :
       std::vector<std::tuple<const char*, size_t, std::vector<std::string>>>{
           {"uuid",
            6,
            {"f47ac10b-58cc-4372-a567-0e02b2c3d479", "00000000-0000-0000-0000-000000000000",
             "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}},
           {"inet4", 7, {"10.1.2.3", "0.0.0.0", "255.255.255.255"}},
           {"inet6", 8, {"2001:db8::ff00:42:8329", "::", "::ffff:1.2.3.4"}}}) {
    auto schema = std::make_shared<TableSchema>();
    schema->columns = {Described(type, type)};
    const RowDecoder decoder(schema);
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string& bytes = rows[static_cast<int64_t>(i) + 1][column].text;
      const std::string image = Le(bytes.size(), 1) + bytes;
      model::Value value;
      const Bytes wire = AsBytes(image);
      const uint8_t* const end = wire.data() + wire.size();
      EXPECT_EQ(decoder.columns()[0].decode(decoder.columns()[0], wire.data(), end, &value), end);
      EXPECT_EQ(value.kind, Kind::kText);
      EXPECT_EQ(value.text, texts[i]);
    }
  }
}

TEST(MariaDbTypesTest, TheCatalogsColumnsAreThoseOfTheEvents) {
  const auto is = [](const Column& column, uint8_t type, uint16_t meta) {
    EXPECT_EQ(column.type, type);
    EXPECT_EQ(column.meta, meta);
  };
  const char* const varchar = "varchar(300) /*M!100301 COMPRESSED*/";
  is(Described("varchar", varchar, 300, "latin1"), kTypeVarcharCompressed, 301);
  is(Described("varbinary", "varbinary(2000) /*M!100301 COMPRESSED*/", 2000),
     kTypeVarcharCompressed, 2001);
  is(Described("text", "text /*M!100301 COMPRESSED*/", 65535, "latin1"), kTypeBlobCompressed, 2);
  is(Described("mediumblob", "mediumblob /*M!100301 COMPRESSED*/"), kTypeBlobCompressed, 3);
  is(Described("uuid", "uuid"), kTypeString, 16);
  is(Described("inet4", "inet4"), kTypeString, 4);
}

}  // namespace
}  // namespace dcp::mysql
