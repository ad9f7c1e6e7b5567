// The replication stream of a real server: positions, starts, keys, DDL, XA,
// tags, large packets, TLS, stop and the server's refusals.
#include "mysql/server_binlog_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "mysql/file_binlog_reader.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = BinlogEvent::Kind;
using KeyKind = TableSchema::KeyKind;
using test::HasCode;
using test::StatusIs;

// What a test keeps of an event.
struct Seen {
  Kind kind;
  model::BinlogPosition start, end;
  model::Gtid gtid;
  std::string query;
  std::shared_ptr<const TableSchema> table;
  absl::Status error;
  std::vector<std::vector<model::Value>> before, after;
};

class ServerBinlogReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    to_.port = server_.port();
    to_.user = "dcp";
    to_.password = "dcp";
    Run("CREATE DATABASE t");
  }

  void Run(const std::string& sql) { ASSERT_OK(server_.Execute(sql)); }
  std::string Value(const std::string& sql) {
    auto value = server_.QueryValue(sql);
    EXPECT_OK(value);
    return value.value_or("");
  }

  ServerBinlogReader::Options Options(BinlogStart start = model::GtidSet()) {
    return {.connection = to_, .server_id = 4711, .start = std::move(start), .until_now = true};
  }

  static std::vector<Seen> ReadAll(BinlogReader* reader) {
    std::vector<Seen> all;
    while (true) {
      auto event = reader->Next(absl::Seconds(30));
      if (absl::IsOutOfRange(event.status())) return all;
      EXPECT_OK(event);
      if (!event.ok()) return all;
      const BinlogEvent& e = **event;
      Seen& seen =
          all.emplace_back(Seen{e.kind, e.start, e.end, e.gtid, e.query, e.table, e.error, {}, {}});
      while (e.rows != nullptr) {
        std::vector<model::Value> before, after;
        auto row = e.rows->Next(&before, &after);
        EXPECT_OK(row);
        if (!row.ok() || !*row) break;
        seen.before.push_back(before);
        seen.after.push_back(after);
      }
    }
  }

  std::vector<Seen> Read(const ServerBinlogReader::Options& options) {
    auto reader = ServerBinlogReader::Open(options);
    EXPECT_OK(reader);
    return reader.ok() ? ReadAll(reader->get()) : std::vector<Seen>();
  }

  static std::vector<Seen> Of(const std::vector<Seen>& all, Kind kind) {
    std::vector<Seen> some;
    for (const Seen& seen : all) {
      if (seen.kind == kind) some.push_back(seen);
    }
    return some;
  }

  test::MysqlServer& server_ = test::SharedServers::Pair().source();
  model::ConnectionOptions to_;
};

TEST_F(ServerBinlogReaderTest, GroupsCarryTheServersGtidsAndEndAtItsPosition) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("INSERT INTO t.a VALUES (1),(2)");
  Run("FLUSH BINARY LOGS");
  Run("DELETE FROM t.a");
  const auto all = Read(Options());
  model::GtidSet seen;
  for (const Seen& group : Of(all, Kind::kGroupStart)) seen.Add(group.gtid);
  EXPECT_EQ(seen, *model::GtidSet::Parse(Value("SELECT @@global.gtid_executed")));
  ASSERT_FALSE(all.empty());
  ASSERT_OK_AND_ASSIGN(const test::Rows status, server_.Query("SHOW BINARY LOG STATUS"));
  EXPECT_EQ(all.back().end.file, status[0][0]);
  EXPECT_EQ(absl::StrCat(all.back().end.offset), status[0][1]);
}

TEST_F(ServerBinlogReaderTest, StartsBehindAGtidSetAndAtAFilePosition) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("INSERT INTO t.a VALUES (1)");
  ASSERT_OK_AND_ASSIGN(const model::GtidSet executed,
                       model::GtidSet::Parse(Value("SELECT @@global.gtid_executed")));
  ASSERT_OK_AND_ASSIGN(const test::Rows status, server_.Query("SHOW BINARY LOG STATUS"));
  const model::BinlogPosition position = {*status[0][0], std::stoull(*status[0][1])};
  Run("INSERT INTO t.a VALUES (2)");

  for (const BinlogStart& start : {BinlogStart(executed), BinlogStart(position)}) {
    const auto rows = Of(Read(Options(start)), Kind::kRows);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].after[0][0].signed_int, 2);
    EXPECT_EQ(rows[0].start.file, position.file);
    EXPECT_GT(rows[0].start.offset, position.offset);
  }
}

// The server finds the file by the set: one that the client named would be where it begins.
TEST_F(ServerBinlogReaderTest, AStartBehindAGtidSetLosesNoFileBehindIt) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("INSERT INTO t.a VALUES (1)");
  ASSERT_OK_AND_ASSIGN(const model::GtidSet executed,
                       model::GtidSet::Parse(Value("SELECT @@global.gtid_executed")));
  Run("INSERT INTO t.a VALUES (2); FLUSH BINARY LOGS; INSERT INTO t.a VALUES (3); "
      "FLUSH BINARY LOGS; INSERT INTO t.a VALUES (4)");
  const auto all = Read(Options(executed));
  std::vector<int64_t> ids;
  std::set<std::string> files;
  for (const Seen& rows : Of(all, Kind::kRows)) {
    ids.push_back(rows.after.at(0).at(0).signed_int);
    files.insert(rows.start.file);
  }
  EXPECT_THAT(ids, ::testing::ElementsAre(2, 3, 4));
  EXPECT_EQ(files.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const test::Rows status, server_.Query("SHOW BINARY LOG STATUS"));
  EXPECT_EQ(all.back().end, (model::BinlogPosition{*status[0][0], std::stoull(*status[0][1])}));
}

// Cut to 32 bits it would be another place.
TEST_F(ServerBinlogReaderTest, AStartBeyond4GiBInAFileIsRefusedWithTheCure) {
  EXPECT_THAT(ServerBinlogReader::Open(
                  Options(model::BinlogPosition{"binlog.000001", (uint64_t{1} << 32) + 4})),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("start from a GTID set")));
}

TEST_F(ServerBinlogReaderTest, NothingNewEndsAtOnce) {
  ASSERT_OK_AND_ASSIGN(const model::GtidSet executed,
                       model::GtidSet::Parse(Value("SELECT @@global.gtid_executed")));
  EXPECT_TRUE(Of(Read(Options(executed)), Kind::kGroupStart).empty());
}

TEST_F(ServerBinlogReaderTest, TaggedGtidsAreReadAndSkipped) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("SET gtid_next = 'AUTOMATIC:blue'; INSERT INTO t.a VALUES (1); SET gtid_next = 'AUTOMATIC'");
  Run("FLUSH BINARY LOGS");
  ASSERT_OK_AND_ASSIGN(const model::GtidSet executed,
                       model::GtidSet::Parse(Value("SELECT @@global.gtid_executed")));
  model::GtidSet seen;
  for (const Seen& group : Of(Read(Options()), Kind::kGroupStart)) seen.Add(group.gtid);
  EXPECT_EQ(seen, executed);
  EXPECT_THAT(seen.ToString(), HasSubstr(":blue:1"));

  Run("INSERT INTO t.a VALUES (2)");
  EXPECT_EQ(Of(Read(Options(executed)), Kind::kRows).size(), 1u);
}

TEST_F(ServerBinlogReaderTest, NamesKeysAndVisibilityComeWithEitherMetadata) {
  for (const std::string metadata : {"MINIMAL", "FULL"}) {
    SCOPED_TRACE(metadata);
    Run(absl::StrCat("SET GLOBAL binlog_row_metadata = '", metadata, "'"));
    const auto from = model::GtidSet::Parse(Value("SELECT @@global.gtid_executed"));
    Run("CREATE TABLE t.p (a INT, b VARCHAR(9), c INT INVISIBLE, d INT AS (a+1), "
        "PRIMARY KEY (b, a)); INSERT INTO t.p (a, b, c) VALUES (1, 'x', 7)");
    Run("CREATE TABLE t.u (a INT, b INT NOT NULL, UNIQUE n (a), UNIQUE k (b)); "
        "INSERT INTO t.u VALUES (1, 2)");
    Run("CREATE TABLE t.n (a INT, UNIQUE n (a)); INSERT INTO t.n VALUES (1)");
    const auto rows = Of(Read(Options(*from)), Kind::kRows);
    ASSERT_EQ(rows.size(), 3u);
    const TableSchema& p = *rows[0].table;
    ASSERT_EQ(p.columns.size(), 4u);
    EXPECT_EQ(p.columns[1].name, "b");
    EXPECT_EQ(p.key_kind, KeyKind::kPrimary);
    EXPECT_THAT(p.key_columns, ElementsAre(1u, 0u));
    EXPECT_TRUE(p.columns[2].invisible);
    EXPECT_FALSE(p.columns[0].invisible);
    EXPECT_TRUE(p.columns[3].generated);
    EXPECT_FALSE(p.columns[2].generated);
    EXPECT_EQ(rows[0].after[0][3].signed_int, 2);
    EXPECT_EQ(rows[1].table->key_kind, KeyKind::kUnique);
    EXPECT_THAT(rows[1].table->key_columns, ElementsAre(1u));
    EXPECT_EQ(rows[2].table->key_kind, KeyKind::kNone);
    for (const Seen& row : rows) {
      for (const Column& column : row.table->columns) EXPECT_FALSE(column.approximate);
    }
    Run("DROP TABLE t.p, t.u, t.n");
  }
}

TEST_F(ServerBinlogReaderTest, SignBitsOfYearAndBitDoNotShiftThoseBehind) {
  Run("CREATE TABLE t.s (id INT PRIMARY KEY, y YEAR, b BIT(3), e ENUM('a'), u TINYINT UNSIGNED, "
      "d DECIMAL(3,1) UNSIGNED, f FLOAT UNSIGNED, s SET('x'), i INT)");
  Run("INSERT INTO t.s VALUES (1, 2001, 5, 'a', 200, 1.5, 1.25, 'x', -5)");
  const auto rows = Of(Read(Options()), Kind::kRows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].after[0][4].unsigned_int, 200u);
  EXPECT_EQ(rows[0].after[0][8].signed_int, -5);
}

TEST_F(ServerBinlogReaderTest, EventsOfAnOlderSchemaAreUnreadableNotGuessed) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v INT)");
  Run("INSERT INTO t.a VALUES (1, 1)");
  Run("ALTER TABLE t.a ADD w INT");
  Run("INSERT INTO t.a VALUES (2, 2, 2)");
  const auto all = Read(Options());
  const auto unreadable = Of(all, Kind::kUnreadable);
  ASSERT_EQ(unreadable.size(), 1u);
  EXPECT_THAT(unreadable[0].error, StatusIs(absl::StatusCode::kFailedPrecondition,
                                            HasSubstr("schema of table changed since this event")));
  EXPECT_EQ(unreadable[0].table->name, "a");
  const auto rows = Of(all, Kind::kRows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].after[0].size(), 3u);
}

TEST_F(ServerBinlogReaderTest, FullMetadataReadsOlderSchemasAndDroppedTables) {
  Run("SET GLOBAL binlog_row_metadata = 'FULL'");
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v INT); INSERT INTO t.a VALUES (1, 1)");
  Run("ALTER TABLE t.a ADD w INT; INSERT INTO t.a VALUES (2, 2, 2)");
  Run("DROP TABLE t.a");
  const auto rows = Of(Read(Options()), Kind::kRows);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].after[0].size(), 2u);
  EXPECT_EQ(rows[1].table->columns[2].name, "w");
  EXPECT_EQ(rows[0].table->key_kind, KeyKind::kPrimary);
}

// The server's catalog says '?' for them.
TEST_F(ServerBinlogReaderTest, LabelsBeyondTheBmpNeedFullMetadata) {
  const char* const insert = "INSERT INTO t.e VALUES (1, 2), (2, 1)";
  Run("SET NAMES utf8mb4");
  Run("CREATE TABLE t.e (id INT PRIMARY KEY, v ENUM('a','😀'))");
  Run(insert);
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(Options()));
  const BinlogEvent* event = nullptr;
  do {
    ASSERT_OK_AND_ASSIGN(event, reader->Next(absl::Seconds(30)));
  } while (event->rows == nullptr);
  std::vector<model::Value> before, after;
  EXPECT_THAT(event->rows->Next(&before, &after),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("binlog_row_metadata=FULL")));
  Run("TRUNCATE t.e; RESET BINARY LOGS AND GTIDS; SET GLOBAL binlog_row_metadata = 'FULL'");
  Run(insert);
  const auto rows = Of(Read(Options()), Kind::kRows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].after[0][1].text, "😀");
}

// Rows written under one definition of a table and read under another, by the names and values
// that they had.
struct DdlCase {
  const char* table;
  const char* columns;  // behind the key `id`
  const char* values;
  const char* ddl;  // $0 the table
  const char* values_behind;
  const char* before;  // the row of `values` as it was
  const char* behind;
  bool unchanged = false;  // the rows from before stay readable, also with MINIMAL
};

constexpr DdlCase kDdlCases[] = {
    {"renamed", "v INT, w INT", "1, 2", "ALTER TABLE $0 RENAME COLUMN v TO x", "3, 4", "v=1 w=2",
     "x=3 w=4"},
    {"names_swapped", "v INT, w INT", "1, 2",
     "ALTER TABLE $0 RENAME COLUMN v TO w, RENAME COLUMN w TO v", "3, 4", "v=1 w=2", "w=3 v=4"},
    {"moved", "v INT, w INT", "1, 2", "ALTER TABLE $0 MODIFY w INT AFTER id", "3, 4", "v=1 w=2",
     "w=3 v=4"},
    {"dropped_and_added", "v INT, w INT", "1, 2", "ALTER TABLE $0 DROP v, ADD x INT", "3, 4",
     "v=1 w=2", "w=3 x=4"},
    {"labels", "e ENUM('a','b'), s SET('x','y')", "'a', 'x'",
     "ALTER TABLE $0 MODIFY e ENUM('b','a'), MODIFY s SET('y','x')", "'a', 'x'", "e=a s=x",
     "e=a s=x"},
    {"added", "v INT", "1", "ALTER TABLE $0 ADD w INT", "2, 3", "v=1", "v=2 w=3"},
    {"added_instantly", "v INT", "1", "ALTER TABLE $0 ADD w INT AFTER id, ALGORITHM=INSTANT",
     "2, 3", "v=1", "w=2 v=3"},
    {"dropped_instantly", "v INT, w INT", "1, 2", "ALTER TABLE $0 DROP v, ALGORITHM=INSTANT", "3",
     "v=1 w=2", "w=3"},
    {"widened", "v INT", "1", "ALTER TABLE $0 MODIFY v BIGINT", "5000000000", "v=1",
     "v=5000000000"},
    {"unsigned_", "v INT", "-1", "UPDATE $0 SET v = 1; ALTER TABLE $0 MODIFY v INT UNSIGNED",
     "4000000000", "v=-1", "v=4000000000"},
    {"charset", "v VARCHAR(40) CHARSET latin1", "'\xc3\xa9'",
     "ALTER TABLE $0 MODIFY v VARCHAR(10) CHARSET utf8mb4", "'\xc3\xa9'", "v=\xc3\xa9",
     "v=\xc3\xa9"},
    {"table_swapped", "v INT, w INT", "1, 2",
     "RENAME TABLE $0 TO $0_old; CREATE TABLE $0 (id INT PRIMARY KEY, w INT, v INT)", "3, 4",
     "v=1 w=2", "w=3 v=4"},
    {"created_like", "v INT, w INT", "1, 2",
     "CREATE TABLE $0_like (id INT PRIMARY KEY, w INT, v INT); DROP TABLE $0; "
     "CREATE TABLE $0 LIKE $0_like",
     "3, 4", "v=1 w=2", "w=3 v=4"},
    {"partitioned", "v INT", "1",
     "ALTER TABLE $0 PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (9)); "
     "ALTER TABLE $0 ADD PARTITION (PARTITION q VALUES LESS THAN (99))",
     "2", "v=1", "v=2"},
    {"truncated", "v INT", "1", "TRUNCATE $0", "2", "v=1", "v=2", true},
    {"analysed", "v INT", "1", "ANALYZE TABLE $0", "2", "v=1", "v=2", true},
};

std::string Shown(const TableSchema& table, const std::vector<model::Value>& row) {
  std::vector<std::string> shown;
  for (size_t i = 1; i < row.size(); ++i) {
    const model::Value& value = row[i];
    shown.push_back(
        absl::StrCat(table.columns[i].name, "=",
                     value.kind == model::Value::Kind::kInt    ? absl::StrCat(value.signed_int)
                     : value.kind == model::Value::Kind::kUint ? absl::StrCat(value.unsigned_int)
                                                               : value.text));
  }
  return absl::StrJoin(shown, " ");
}

class DdlInTheStreamTest : public ServerBinlogReaderTest,
                           public ::testing::WithParamInterface<const char*> {};

// With FULL metadata each row is as it was; with MINIMAL, MySQL's default, as it was or unreadable.
TEST_P(DdlInTheStreamTest, RowsAreReadAsTheyWereWrittenOrNotAtAll) {
  const bool full = absl::string_view(GetParam()) == "FULL";
  Run(absl::StrCat("SET GLOBAL binlog_row_metadata = ", GetParam(), "; SET NAMES utf8mb4; USE t"));
  for (const DdlCase& c : kDdlCases) {
    Run(absl::Substitute("CREATE TABLE $0 (id INT PRIMARY KEY, $1)", c.table, c.columns));
    Run(absl::Substitute("INSERT INTO $0 VALUES (1, $1)", c.table, c.values));
  }
  // The server tells the second in which a table was altered.
  const std::string second = Value("SELECT UNIX_TIMESTAMP()");
  while (Value("SELECT UNIX_TIMESTAMP()") == second) test::Pause(absl::Milliseconds(20));
  for (const DdlCase& c : kDdlCases) {
    Run(absl::Substitute(c.ddl, c.table));
    Run(absl::Substitute("INSERT INTO $0 VALUES (2, $1)", c.table, c.values_behind));
  }
  std::map<std::string, std::vector<std::string>> seen;
  for (const Seen& event : Read(Options())) {
    if (event.kind == Kind::kUnreadable) {
      EXPECT_THAT(event.error, StatusIs(absl::StatusCode::kFailedPrecondition,
                                        HasSubstr("set binlog_row_metadata=FULL")));
      seen[event.table->name].push_back("unreadable");
    }
    for (const auto& row : event.after) {
      if (row.empty()) continue;
      seen[event.table->name].push_back(Shown(*event.table, row));
    }
  }
  for (const DdlCase& c : kDdlCases) {
    const auto& rows = seen[c.table];
    ASSERT_GE(rows.size(), 2u) << c.table;
    EXPECT_EQ(rows.front(), full || c.unchanged ? c.before : "unreadable") << c.table;
    EXPECT_EQ(rows.back(), c.behind) << c.table;
  }
}

INSTANTIATE_TEST_SUITE_P(, DdlInTheStreamTest, ::testing::Values("FULL", "MINIMAL"),
                         [](const auto& c) { return std::string(c.param); });

// The reader is open while the DDL happens: its cached schema must not outlive
// the event.
TEST_F(ServerBinlogReaderTest, DdlInTheStreamMakesTheSchemaBeReadAgain) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v INT)");
  ServerBinlogReader::Options options = Options();
  options.until_now = false;
  options.heartbeat_period = absl::Seconds(1);
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(options));
  const auto next_rows = [&]() -> std::shared_ptr<const TableSchema> {
    while (true) {
      auto event = reader->Next(absl::Seconds(30));
      EXPECT_OK(event);
      if (!event.ok() || (*event)->kind == Kind::kUnreadable) return nullptr;
      if ((*event)->kind == Kind::kRows) return (*event)->table;
    }
  };
  Run("INSERT INTO t.a VALUES (1, 1)");
  auto first = next_rows();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->columns[1].name, "v");
  Run("ALTER TABLE t.a RENAME COLUMN v TO w");
  Run("INSERT INTO t.a VALUES (2, 2)");
  auto second = next_rows();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->columns[1].name, "w");
}

TEST_F(ServerBinlogReaderTest, MinimalImagesHaveAbsentColumnsNotNull) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v INT, w INT)");
  Run("INSERT INTO t.a VALUES (1, 2, NULL)");
  Run("SET SESSION binlog_row_image = 'MINIMAL'; UPDATE t.a SET v = 3; "
      "SET SESSION binlog_row_image = 'FULL'");
  const auto rows = Of(Read(Options()), Kind::kRows);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].after[0][2].kind, model::Value::Kind::kNull);
  EXPECT_EQ(rows[1].before[0][0].signed_int, 1);
  EXPECT_EQ(rows[1].before[0][1].kind, model::Value::Kind::kAbsent);
  EXPECT_EQ(rows[1].after[0][1].signed_int, 3);
  EXPECT_EQ(rows[1].after[0][2].kind, model::Value::Kind::kAbsent);
}

TEST_F(ServerBinlogReaderTest, XaPrepareNamesTheXidAsItsCommitDoes) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("XA START 'g','b',3; INSERT INTO t.a VALUES (1); XA END 'g','b',3; XA PREPARE 'g','b',3; "
      "XA COMMIT 'g','b',3");
  const auto all = Read(Options());
  const auto prepared = Of(all, Kind::kXaPrepare);
  ASSERT_EQ(prepared.size(), 1u);
  EXPECT_EQ(prepared[0].query, "X'67',X'62',3");
  EXPECT_EQ(all.back().query, "XA COMMIT X'67',X'62',3");
}

TEST_F(ServerBinlogReaderTest, StatementContextIsReported) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY AUTO_INCREMENT, v DOUBLE)");
  Run("SET SESSION binlog_format = 'STATEMENT'; SET @x = 7; "
      "INSERT INTO t.a (v) VALUES (@x); SET SESSION binlog_format = 'ROW'");
  const auto all = Read(Options());
  EXPECT_GE(Of(all, Kind::kStatementContext).size(), 2u);  // INTVAR and USER_VAR
}

// A payload of a few kilobytes that unpacks to 18 MiB.
TEST_F(ServerBinlogReaderTest, AHugeRowInASmallPayloadArrivesWhole) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v LONGBLOB)");
  Run("SET SESSION binlog_transaction_compression = ON; "
      "INSERT INTO t.a VALUES (1, REPEAT('a', 18 << 20)), (2, 'b'); "
      "SET SESSION binlog_transaction_compression = OFF");
  Run("INSERT INTO t.a VALUES (3, 'c')");
  ASSERT_OK_AND_ASSIGN(const test::Rows status, server_.Query("SHOW BINARY LOG STATUS"));
  EXPECT_LT(std::stoull(*status[0][1]), 100'000u);
  std::vector<std::string> values;
  for (const Seen& event : Of(Read(Options()), Kind::kRows)) {
    for (const auto& row : event.after) values.push_back(row[1].text);
  }
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0], std::string(size_t{18} << 20, 'a'));
  EXPECT_EQ(values[1] + values[2], "bc");
}

// In summer and in winter, whatever zones the server, the writing session and this process have.
TEST_F(ServerBinlogReaderTest, TimestampsAreUtcWhateverTheZones) {
  const char* const zone = getenv("TZ");
  const std::string old = zone == nullptr ? "" : zone;
  Run("SET GLOBAL time_zone = '-07:00'; SET SESSION time_zone = '+05:30'");
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v TIMESTAMP(2), w DATETIME(2))");
  Run("INSERT INTO t.a VALUES (1, '2024-07-01 12:00:00.25', '2024-07-01 12:00:00.25'), "
      "(2, '2024-12-31 23:59:59.5', '2024-12-31 23:59:59.5')");
  setenv("TZ", "America/New_York", 1);
  tzset();
  const auto rows = Of(Read(Options()), Kind::kRows);
  zone == nullptr ? unsetenv("TZ") : setenv("TZ", old.c_str(), 1);
  tzset();
  Run("SET SESSION time_zone = '+00:00'");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].after[0][1].text, "2024-07-01T06:30:00.25Z");
  EXPECT_EQ(rows[0].after[0][2].text, "2024-07-01T12:00:00.25");
  EXPECT_EQ(rows[0].after[1][1].text, "2024-12-31T18:29:59.5Z");
}

TEST_F(ServerBinlogReaderTest, RowsEventsOver16MiBArriveWhole) {
  Run("CREATE TABLE t.b (id INT PRIMARY KEY, v LONGBLOB)");
  Run("INSERT INTO t.b VALUES (1, REPEAT('x', 40 * 1024 * 1024)), (2, 'y')");
  for (const bool tls : {false, true}) {
    ServerBinlogReader::Options options = Options();
    if (tls) options.connection.tls.mode = model::TlsMode::kRequired;
    const auto rows = Of(Read(options), Kind::kRows);
    ASSERT_EQ(rows.size(), 2u) << tls;  // a large row ends its event
    EXPECT_EQ(rows[0].after[0][1].text, std::string(40 << 20, 'x'));
    EXPECT_EQ(rows[1].after[0][1].text, "y");
  }
}

TEST_F(ServerBinlogReaderTest, AFileHoldsWhatTheServerSends) {
  Run("SET GLOBAL binlog_row_metadata = 'FULL'");
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(9))");
  Run("INSERT INTO t.a VALUES (1, 'é'), (2, NULL)");
  Run("UPDATE t.a SET v = 'z'");
  const auto live = Of(Read(Options()), Kind::kRows);
  const std::string file = Value("SELECT @@log_bin_basename") + ".000001";
  ASSERT_OK_AND_ASSIGN(auto reader, FileBinlogReader::Open({.files = {file}}));
  const auto filed = Of(ReadAll(reader.get()), Kind::kRows);
  ASSERT_EQ(filed.size(), live.size());
  ASSERT_EQ(filed.size(), 2u);
  for (size_t i = 0; i < live.size(); ++i) {
    EXPECT_EQ(filed[i].before, live[i].before);
    EXPECT_EQ(filed[i].after, live[i].after);
    EXPECT_EQ(filed[i].start, live[i].start);
    EXPECT_EQ(filed[i].end, live[i].end);
    EXPECT_EQ(filed[i].table->columns[1].name, "v");
  }
}

TEST_F(ServerBinlogReaderTest, UnwantedTablesArePassedOver) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY); CREATE TABLE t.b (id INT PRIMARY KEY)");
  Run("INSERT INTO t.a VALUES (1); INSERT INTO t.b VALUES (1)");
  ServerBinlogReader::Options options = Options();
  options.wants = [](absl::string_view, absl::string_view table) { return table == "b"; };
  const auto rows = Of(Read(options), Kind::kRows);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].table->name, "b");
}

TEST_F(ServerBinlogReaderTest, WaitingEndsInTimeAndHeartbeatsCome) {
  ServerBinlogReader::Options options = Options();
  options.until_now = false;
  options.heartbeat_period = absl::Seconds(1);
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(options));
  bool timed_out = false, heartbeat = false;
  for (int i = 0; i < 1000 && !(timed_out && heartbeat); ++i) {
    auto event = reader->Next(absl::Milliseconds(50));
    if (event.ok()) {
      heartbeat |= (*event)->kind == Kind::kHeartbeat;
    } else {
      ASSERT_THAT(event, HasCode(absl::StatusCode::kDeadlineExceeded));
      timed_out = true;
    }
  }
  EXPECT_TRUE(timed_out);
  EXPECT_TRUE(heartbeat);
}

TEST_F(ServerBinlogReaderTest, StopWakesAWaitingReader) {
  ServerBinlogReader::Options options = Options();
  options.until_now = false;
  options.heartbeat_period = absl::Seconds(60);
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(options));
  absl::Status last;
  std::thread waiting([&] {
    while (last.ok()) last = reader->Next(absl::Seconds(60)).status();
  });
  reader->Stop();
  waiting.join();
  EXPECT_THAT(last, HasCode(absl::StatusCode::kCancelled));
  reader->Stop();
  EXPECT_THAT(reader->Next(absl::Seconds(1)), HasCode(absl::StatusCode::kCancelled));
}

TEST_F(ServerBinlogReaderTest, AKilledConnectionIsUnavailable) {
  ServerBinlogReader::Options options = Options();
  options.until_now = false;
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(options));
  absl::Status last;
  bool killed = false;
  while (last.ok() || absl::IsDeadlineExceeded(last)) {
    last = reader->Next(absl::Milliseconds(100)).status();
    if (killed || last.ok()) continue;
    const std::string id = Value(
        "SELECT MAX(id) FROM information_schema.processlist WHERE command = 'Binlog Dump GTID' "
        "AND user = 'dcp'");
    Run("KILL " + id);
    killed = true;
  }
  EXPECT_THAT(last, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("dcp@127.0.0.1")));
}

TEST_F(ServerBinlogReaderTest, PurgedBinlogsAreSaidWithTheCure) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  Run("FLUSH BINARY LOGS");
  Run("PURGE BINARY LOGS TO '" + *(*server_.Query("SHOW BINARY LOG STATUS"))[0][0] + "'");
  ASSERT_OK_AND_ASSIGN(auto reader, ServerBinlogReader::Open(Options()));
  absl::Status last;
  while (last.ok()) last = reader->Next(absl::Seconds(30)).status();
  EXPECT_THAT(last, StatusIs(absl::StatusCode::kFailedPrecondition,
                             HasSubstr("raise binlog_expire_logs_seconds")));
}

TEST_F(ServerBinlogReaderTest, TheServersOwnIdIsRefused) {
  ServerBinlogReader::Options options = Options();
  options.server_id = 101;
  EXPECT_THAT(ServerBinlogReader::Open(options),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("server_id 101")));
}

TEST_F(ServerBinlogReaderTest, MissingPrivilegeNamesItself) {
  Run("DROP USER IF EXISTS weak; CREATE USER weak IDENTIFIED BY 'secret-word'");
  ServerBinlogReader::Options options = Options();
  options.connection.user = "weak";
  options.connection.password = "secret-word";
  auto reader = ServerBinlogReader::Open(options);
  EXPECT_THAT(reader, StatusIs(absl::StatusCode::kPermissionDenied,
                               ::testing::AllOf(HasSubstr("REPLICATION"), HasSubstr("grant"))));
  EXPECT_THAT(std::string(reader.status().message()), ::testing::Not(HasSubstr("secret-word")));
}

}  // namespace
}  // namespace dcp::mysql
