// Partial JSON updates of a real server: what dcp makes of a document is what SELECT shows,
// statement by statement.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mysql/event.h"
#include "mysql/server_binlog_reader.h"
#include "tests/mysql/canonical_text.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using Kind = model::Value::Kind;

struct Update {
  uint8_t type_code = 0;
  std::vector<model::Value> before, after;
};

class JsonDiffServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    Run("SET NAMES utf8mb4; CREATE DATABASE t");
    Run("CREATE TABLE t.j (id INT PRIMARY KEY, x JSON, n INT, v JSON, z JSON)");
    Run("INSERT INTO t.j VALUES (1, '[1]', 0, JSON_OBJECT('a', REPEAT('x', 100), 'b', 1, 'list', "
        "JSON_ARRAY(1, 2, JSON_OBJECT('deep', JSON_ARRAY('q', 1.5))), 'da te', CURDATE()), NULL)");
  }

  void Run(const std::string& sql) { ASSERT_OK(server_.Execute(sql)); }

  void ReadUpdates(std::vector<Update>* updates) {
    model::ConnectionOptions to;
    to.port = server_.port();
    to.user = to.password = "dcp";
    ASSERT_OK_AND_ASSIGN(
        auto reader,
        ServerBinlogReader::Open(
            {.connection = to, .server_id = 4711, .start = model::GtidSet(), .until_now = true}));
    while (true) {
      auto event = reader->Next(absl::Seconds(30));
      if (absl::IsOutOfRange(event.status())) return;
      ASSERT_OK(event);
      ASSERT_OK((*event)->error);
      if ((*event)->rows == nullptr || (*event)->op != BinlogEvent::RowOp::kUpdate) continue;
      Update update{(*event)->type_code, {}, {}};
      ASSERT_OK((*event)->rows->Next(&update.before, &update.after));
      updates->push_back(update);
    }
  }

  test::MysqlServer& server_ = test::SharedServers::Pair().source();
};

std::string Shown(const std::optional<std::string>& server_text) {
  return server_text.has_value() ? NormalJson(*server_text) : "NULL";
}
std::string Shown(const model::Value& value) {
  if (value.kind == Kind::kNull) return "NULL";
  return value.kind == Kind::kJson ? NormalJson(value.text) : "not JSON";
}

TEST_F(JsonDiffServerTest, EachUpdateGivesWhatSelectShows) {
  const std::vector<std::string> statements = {
      "v = JSON_SET(v, '$.b', 2)",
      "v = JSON_SET(v, '$.b', CAST(1.50 AS DECIMAL(5,2)), '$.list[1]', 'é')",
      "v = JSON_REPLACE(v, '$.a', 'short'), n = 5",
      "v = JSON_REMOVE(v, '$.list[0]')",
      "v = JSON_SET(v, '$.\"new \\\\\"name\\\\\"\"', JSON_OBJECT('k', JSON_ARRAY(true, null)))",
      "v = JSON_SET(v, '$.\"new \\\\\"name\\\\\"\".k[0]', false)",
      "v = JSON_SET(v, '$.zz', 1, '$.c', 2, '$.longer', 3, '$.\"ключ\"', 4)",
      "v = JSON_SET(v, '$.list[last].deep[last]', -0e0)",
      "v = JSON_SET(v, '$.list[last-1]', 'one before', '$.zz[0]', 'wrapped')",
      "v = JSON_SET(v, '$.list[9]', 'end')",
      "v = JSON_SET(JSON_REMOVE(v, '$.a', '$.b'), '$.list[0]', x)",
      "x = JSON_SET(x, '$[0]', 7), v = JSON_SET(v, '$.c', JSON_ARRAY(CURRENT_TIME(6)))",
      "x = JSON_SET(x, '$[1]', JSON_ARRAY()), n = n + 1",
      "n = n + 1",
      "x = NULL",
      "v = JSON_SET(v, '$.c', REPEAT('y', 70000))",
      "v = JSON_SET(v, '$.list[0]', 65536, '$.longer', 1e300)",
      "v = JSON_REMOVE(v, '$.list', '$.\"ключ\"')",
      "v = '{}'",
  };
  std::vector<std::string> expected;
  for (const std::string& statement : statements) {
    Run(absl::StrCat("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'; UPDATE t.j SET ",
                     statement));
    ASSERT_OK_AND_ASSIGN(const test::Rows rows, server_.Query("SELECT x, v FROM t.j"));
    expected.push_back(absl::StrCat(Shown(rows[0][0]), " ", Shown(rows[0][1])));
  }
  std::vector<Update> updates;
  ReadUpdates(&updates);
  ASSERT_EQ(updates.size(), statements.size());
  for (size_t i = 0; i < updates.size(); ++i) {
    EXPECT_EQ(updates[i].type_code, kPartialUpdateRowsEvent) << statements[i];
    const std::vector<model::Value>& after = updates[i].after;
    EXPECT_EQ(absl::StrCat(Shown(after[1]), " ", Shown(after[3])), expected[i]) << statements[i];
    EXPECT_EQ(after[4].kind, Kind::kNull);
  }
}

TEST_F(JsonDiffServerTest, WithoutItsBeforeImageTheColumnIsAbsent) {
  Run("SET SESSION binlog_row_value_options = 'PARTIAL_JSON', binlog_row_image = 'MINIMAL'; "
      "UPDATE t.j SET n = 1, v = JSON_SET(v, '$.b', 2)");
  std::vector<Update> updates;
  ReadUpdates(&updates);
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_EQ(updates[0].after[2].signed_int, 1);
  EXPECT_EQ(updates[0].after[3].kind, Kind::kAbsent);
}

}  // namespace
}  // namespace dcp::mysql
