// The same rows by way of SELECT and by way of the binlog: the same bytes.
#include "tests/verifier/column_types.h"

#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/change.h"
#include "mysql/server_binlog_reader.h"
#include "row/canonical.h"
#include "row/key.h"
#include "row/renderer.h"
#include "tests/verifier/reader_fixture.h"

namespace dcp::verifier {
namespace {

using Kind = model::RowAnswer::Kind;

class ColumnTypesTest : public ReaderTest, public ::testing::WithParamInterface<Type> {
 protected:
  // Key text to content of all rows inserted into shop.t, from the source's binlog.
  std::map<std::string, std::string> ReadBinlog() {
    mysql::ServerBinlogReader::Options options;
    options.connection = ConnectionTo(pair_.source());
    options.server_id = 4711;
    options.start = model::BinlogPosition{};
    options.until_now = true;
    auto binlog = mysql::ServerBinlogReader::Open(options);
    EXPECT_OK(binlog);
    std::map<std::string, std::string> rows;
    while (binlog.ok()) {
      const auto event = (*binlog)->Next(absl::Seconds(20));
      if (absl::IsOutOfRange(event.status())) return rows;
      EXPECT_OK(event);
      if (!event.ok()) return rows;
      if ((*event)->kind == mysql::BinlogEvent::Kind::kUnreadable) {
        ADD_FAILURE() << (*event)->error;
      }
      if ((*event)->kind == mysql::BinlogEvent::Kind::kRows) TakeRows(**event, &rows);
    }
    return rows;
  }

  static void TakeRows(const mysql::BinlogEvent& event, std::map<std::string, std::string>* rows) {
    if (event.table->database != "shop") return;
    std::vector<uint32_t> all(event.table->columns.size());
    std::iota(all.begin(), all.end(), 0u);
    std::vector<model::Value> before;
    std::vector<model::Value> after;
    while (true) {
      const auto more = event.rows->Next(&before, &after);
      ASSERT_OK(more);
      if (!*more) return;
      std::string key;
      row::AppendKeyText("shop.t", after, event.table->key_columns, &key);
      std::string content(1, model::kCanonicalRow);
      row::AppendBinaryRow(after, all, &content);
      (*rows)[key] = content;
    }
  }

  // Both ways give the same rows of shop.t, `count` of them, and both servers hold the same.
  void ExpectSameBytes(size_t count) {
    ASSERT_OK(pair_.WaitForReplica());
    const std::map<std::string, std::string> logged = ReadBinlog();
    EXPECT_EQ(logged.size(), count);
    table_.name = "shop.t";
    for (const auto& [key, content] : logged) {
      const model::RowAnswer answer = Read(key);
      EXPECT_EQ(answer.kind, Kind::kEqual) << key << ": " << answer.detail;
      ASSERT_TRUE(answer.source.has_value()) << key;
      EXPECT_TRUE(answer.source->exists) << key << " is not found again";
      EXPECT_EQ(answer.source->content, content)
          << "SELECT: " << row::Renderer().Json(answer.source->content)
          << "\nbinlog: " << row::Renderer().Json(content);
    }
  }
};

class ContentTest : public ColumnTypesTest {};

TEST_P(ContentTest, SelectGivesTheBytesOfTheBinlog) {
  OnSource("CREATE DATABASE shop");
  OnSource(absl::StrCat("CREATE TABLE shop.t (id int primary key, v ", GetParam().definition, ")"));
  OnSource("SET sql_mode = 'ALLOW_INVALID_DATES'");
  int id = 0;
  for (const std::string& value : GetParam().values) {
    OnSource(absl::StrCat("INSERT INTO shop.t (id, v) VALUES (", ++id, ", ", value, ")"));
  }
  OnSource("INSERT INTO shop.t (id) VALUES (0)");  // NULL
  ExpectSameBytes(GetParam().values.size() + 1);
}

class KeyTest : public ColumnTypesTest {};

TEST_P(KeyTest, RowsAreFoundByTheirKeysInTheBinlog) {
  OnSource("CREATE DATABASE shop");
  OnSource(
      absl::StrCat("CREATE TABLE shop.t (k ", GetParam().definition, " NOT NULL primary key)"));
  OnSource("SET sql_mode = 'ALLOW_INVALID_DATES'");
  for (const std::string& value : GetParam().values) {
    OnSource(absl::StrCat("INSERT INTO shop.t VALUES (", value, ")"));
  }
  ExpectSameBytes(GetParam().values.size());
}

INSTANTIATE_TEST_SUITE_P(, KeyTest, ::testing::ValuesIn(kBoth),
                         [](const auto& c) { return c.param.name; });
INSTANTIATE_TEST_SUITE_P(Key, ContentTest, ::testing::ValuesIn(kBoth),
                         [](const auto& c) { return c.param.name; });
INSTANTIATE_TEST_SUITE_P(, ContentTest, ::testing::ValuesIn(kContentOnly),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::verifier
