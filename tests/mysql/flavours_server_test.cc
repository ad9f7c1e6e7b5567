// MariaDB and MySQL 5.6 as servers and as files: what the stream gives against what the server
// says of itself and what its own tool counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mysql/connection.h"
#include "mysql/file_binlog_reader.h"
#include "mysql/server_binlog_reader.h"
#include "mysql/server_settings.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = BinlogEvent::Kind;
using test::Flavour;

// What a test keeps of a stream.
struct Stream {
  std::vector<std::string> groups;  // GTIDs
  std::map<std::string, int> rows;  // by "INSERT `db`.`table`", as the tools write it
  std::vector<std::vector<model::Value>> after;
  std::shared_ptr<const TableSchema> last_table;
  std::vector<absl::Status> errors;
  model::BinlogPosition end;
};

std::string ToolName(const BinlogEvent& event) {
  using Op = BinlogEvent::RowOp;
  const char* const op = event.op == Op::kInsert   ? "INSERT INTO"
                         : event.op == Op::kDelete ? "DELETE FROM"
                                                   : "UPDATE";
  return absl::StrCat(op, " `", event.table->database, "`.`", event.table->name, "`");
}

void Keep(const BinlogEvent& event, Stream* stream) {
  stream->end = event.end;
  if (event.kind == Kind::kGroupStart) stream->groups.push_back(model::ToString(event.gtid));
  if (!event.error.ok()) stream->errors.push_back(event.error);
  if (event.rows == nullptr) return;
  stream->last_table = event.table;
  std::vector<model::Value> before, after;
  while (true) {
    const auto more = event.rows->Next(&before, &after);
    if (!more.ok()) stream->errors.push_back(more.status());
    if (!more.ok() || !*more) return;
    ++stream->rows[ToolName(event)];
    stream->after.push_back(after);
  }
}

absl::StatusOr<Stream> ReadAll(BinlogReader* reader) {
  Stream stream;
  while (true) {
    const auto event = reader->Next(absl::Seconds(30));
    if (absl::IsOutOfRange(event.status())) return stream;
    if (!event.ok()) return event.status();
    Keep(**event, &stream);
  }
}

class FlavoursServerTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, test::SharedServers::Fresh(test::PairOf(GetParam())));
    to_.port = server().port();
    to_.user = "dcp";
    to_.password = "dcp";
    Run("CREATE DATABASE t");
  }

  test::MysqlServer& server() { return pair_->source(); }
  void Run(const std::string& sql) { ASSERT_OK(server().Execute(sql)); }

  absl::StatusOr<Stream> Read(BinlogStart start = model::BinlogPosition()) {
    auto reader = ServerBinlogReader::Open(
        {.connection = to_, .server_id = 4711, .start = std::move(start), .until_now = true});
    if (!reader.ok()) return reader.status();
    return ReadAll(reader->get());
  }
  absl::StatusOr<Stream> ReadFile() {
    auto reader = FileBinlogReader::Open({.files = {server().binlog_dir() + "/binlog.000001"}});
    if (!reader.ok()) return reader.status();
    return ReadAll(reader->get());
  }

  // Row changes as the server's own tool counts them in its first file.
  std::map<std::string, int> ToolCounts() {
    const std::string command =
        absl::StrCat(server().mysqlbinlog(), " --no-defaults -v --base64-output=decode-rows ",
                     server().binlog_dir(), "/binlog.000001");
    std::map<std::string, int> counts;
    std::FILE* const out = popen(command.c_str(), "r");
    if (out == nullptr) return counts;
    std::array<char, 4096> line;
    while (std::fgets(line.data(), line.size(), out) != nullptr) {
      absl::string_view text(line.data());
      if (!absl::ConsumePrefix(&text, "### ")) continue;
      for (const char* op : {"INSERT INTO ", "UPDATE ", "DELETE FROM "}) {
        if (absl::StartsWith(text, op)) ++counts[std::string(text.substr(0, text.find('\n')))];
      }
    }
    EXPECT_EQ(pclose(out), 0) << command;
    return counts;
  }

  test::ReplicaPair* pair_ = nullptr;
  model::ConnectionOptions to_;
};

constexpr char kTraffic[] = R"(
  USE t;
  CREATE TABLE a (id INT UNSIGNED PRIMARY KEY, v VARCHAR(20), e ENUM('x','y'));
  INSERT INTO a VALUES (4000000000,'one','y'),(2,'two','x');
  BEGIN; INSERT INTO a VALUES (3,'a','x'); SAVEPOINT s; INSERT INTO a VALUES (4,'b','x');
  ROLLBACK TO s; COMMIT;
  XA START 'g'; INSERT INTO a VALUES (5,'c','x'); XA END 'g'; XA PREPARE 'g'; XA COMMIT 'g';
  UPDATE a SET v='w'; DELETE FROM a WHERE id=2;
  CREATE TABLE c LIKE a; INSERT INTO c SELECT * FROM a)";

// What GTIDs of MySQL forbid: groups that end with ROLLBACK, rows behind ROLLBACK TO.
constexpr char kMixedEngines[] = R"(
  USE t; CREATE TABLE m (id INT) ENGINE=MyISAM;
  BEGIN; INSERT INTO a VALUES (13,'a','x'); SAVEPOINT s; INSERT INTO m VALUES (1);
  INSERT INTO a VALUES (14,'b','x'); ROLLBACK TO s; COMMIT;
  BEGIN; UPDATE a, m SET a.v='q', m.id=9; ROLLBACK)";

TEST_P(FlavoursServerTest, ServerAndFileGiveTheRowsThatTheServersToolCounts) {
  Run(kTraffic);
  if (GetParam() == Flavour::kMariaDb) Run(kMixedEngines);
  ASSERT_OK_AND_ASSIGN(const Stream live, Read());
  EXPECT_THAT(live.errors, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const test::Rows status, server().Query(server().words().binlog_position));
  EXPECT_EQ(absl::StrCat(live.end.offset), status[0][1]);
  ASSERT_OK_AND_ASSIGN(const Stream file, ReadFile());
  EXPECT_EQ(live.rows, file.rows);
  EXPECT_EQ(live.rows, ToolCounts());
  EXPECT_GE(live.rows.at("INSERT INTO `t`.`a`"), 4);
}

// All of a real file of many kinds of events, cut behind each of its bytes: the rows before the
// cut, and where it is.
TEST_P(FlavoursServerTest, AFileCutAnywhereGivesWhatIsWholeAndSaysWhereItEnds) {
  Run(kTraffic);
  for (int i = 10; i < 30; ++i) {
    Run(absl::StrCat("INSERT INTO t.a VALUES (", i, ",'", i, "','y'),(", i + 100, ",NULL,NULL)"));
  }
  Run("FLUSH LOGS");
  const std::string path = absl::StrCat(::testing::TempDir(), "/dcp_cut_anywhere");
  std::filesystem::copy_file(server().binlog_dir() + "/binlog.000001", path,
                             std::filesystem::copy_options::overwrite_existing);
  const auto read = [&](size_t* rows) {
    auto reader = FileBinlogReader::Open({.files = {path}});
    absl::Status status = reader.status();
    for (Stream stream; status.ok(); *rows = stream.after.size()) {
      const auto event = (*reader)->Next(absl::ZeroDuration());
      status = event.status();
      if (!status.ok()) break;
      Keep(**event, &stream);
    }
    return status;
  };
  size_t rows = 0;
  EXPECT_THAT(read(&rows), test::HasCode(absl::StatusCode::kOutOfRange));
  EXPECT_GE(rows, 40u);
  size_t between_events = 0;
  for (uint64_t size = std::filesystem::file_size(path) - 1; size >= 4; --size) {
    std::filesystem::resize_file(path, size);
    size_t left = 0;
    const absl::Status status = read(&left);
    ASSERT_LE(left, rows);
    rows = left;
    if (absl::IsOutOfRange(status)) {
      ++between_events;
      continue;
    }
    ASSERT_THAT(status,
                test::StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the file ends inside")))
        << size;
  }
  ASSERT_OK_AND_ASSIGN(const test::Rows events,
                       server().Query("SHOW BINLOG EVENTS IN 'binlog.000001'"));
  EXPECT_EQ(between_events, events.size());
  std::filesystem::remove(path);
}

TEST_P(FlavoursServerTest, NamesSignsAndLabelsComeFromTheServer) {
  Run("CREATE TABLE t.a (id INT UNSIGNED PRIMARY KEY, e ENUM('x','y'), s SET('p','q'))");
  Run("INSERT INTO t.a VALUES (4000000000,'y','p,q')");
  ASSERT_OK_AND_ASSIGN(const Stream stream, Read());
  ASSERT_EQ(stream.after.size(), 1u);
  EXPECT_EQ(stream.after[0][0].unsigned_int, 4000000000u);
  EXPECT_EQ(stream.after[0][1].text, "y");
  EXPECT_EQ(stream.after[0][2].text, "p,q");
  EXPECT_EQ(stream.last_table->columns[0].name, "id");
  EXPECT_EQ(stream.last_table->key_kind, TableSchema::KeyKind::kPrimary);
}

TEST_P(FlavoursServerTest, GtidsAreAStart) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY)");
  ASSERT_OK_AND_ASSIGN(const std::string executed,
                       server().QueryValue(server().words().executed_gtids));
  ASSERT_OK_AND_ASSIGN(const model::GtidSet before, model::GtidSet::Parse(executed));
  Run("INSERT INTO t.a VALUES (1)");
  ASSERT_OK_AND_ASSIGN(const Stream stream, Read(before));
  EXPECT_EQ(stream.groups.size(), 1u);
  EXPECT_THAT(stream.rows, ElementsAre(std::pair("INSERT INTO `t`.`a`", 1)));
}

TEST_P(FlavoursServerTest, SettingsOfAReplicaNameItsSource) {
  ASSERT_OK(pair_->WaitForReplica());
  to_.port = pair_->replica().port();
  ASSERT_OK_AND_ASSIGN(auto connection, Connection::Connect(to_));
  ASSERT_OK_AND_ASSIGN(const ServerSettings replica, ReadServerSettings(*connection));
  ASSERT_EQ(replica.channels.size(), 1u);
  EXPECT_EQ(replica.channels[0].source_server_id, 101u);
  EXPECT_TRUE(replica.channels[0].uses_gtid);
  EXPECT_EQ(replica.server_id, 102u);
  EXPECT_EQ(replica.mariadb, GetParam() == Flavour::kMariaDb);
  EXPECT_THAT(CheckAsTarget(replica, {"t"}), IsEmpty());
  EXPECT_THAT(CheckAsSource(replica, {"t"}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, FlavoursServerTest,
                         ::testing::Values(Flavour::kMysql56, Flavour::kMariaDb),
                         [](const auto& c) { return test::NameOf(c.param); });

class MariaDbServerTest : public FlavoursServerTest {
 protected:
  // `type: value` of each column of the last row, as text.
  static std::vector<std::string> Texts(const std::vector<model::Value>& row) {
    std::vector<std::string> texts;
    for (const model::Value& value : row) texts.push_back(value.text);
    return texts;
  }
};

TEST_P(MariaDbServerTest, ItsOwnTypesAreAsTheServerShowsThem) {
  for (const char* metadata : {"NO_LOG", "MINIMAL", "FULL"}) {
    Run(absl::StrCat("SET GLOBAL binlog_row_metadata = ", metadata));
    ASSERT_OK_AND_ASSIGN(auto session, server().Connect());
    ASSERT_OK(session->Execute(
        "CREATE OR REPLACE TABLE t.a (id INT PRIMARY KEY, u UUID, i4 INET4, i6 INET6, g POINT, "
        "vc VARCHAR(100) COMPRESSED CHARACTER SET latin1, tc TEXT COMPRESSED, "
        "bc BLOB COMPRESSED, v VARCHAR(10) CHARACTER SET latin1, tm TIME(3), dt DATETIME(6))"));
    ASSERT_OK(session->Execute(
        "INSERT INTO t.a VALUES (1,'123e4567-e89b-12d3-a456-426614174000','192.0.2.0',"
        "'::ffff:1.2.3.4',POINT(1,2),REPEAT(_utf8mb4 x'c3a4',90),REPEAT(_utf8mb4 x'c3b6',500),"
        "REPEAT('z',3000),_utf8mb4 x'c3bc','-00:00:01.5','2020-01-02 03:04:05.000006')"));
    ASSERT_OK_AND_ASSIGN(const Stream stream, Read());
    EXPECT_THAT(stream.errors, IsEmpty()) << metadata;
    ASSERT_FALSE(stream.after.empty());
    const std::vector<std::string> row = Texts(stream.after.back());
    EXPECT_EQ(row[1], "123e4567-e89b-12d3-a456-426614174000") << metadata;
    EXPECT_EQ(row[2], "192.0.2.0");
    EXPECT_EQ(row[3], "::ffff:1.2.3.4");
    std::string twice;
    for (int i = 0; i < 90; ++i) twice += "\u00e4";
    EXPECT_EQ(row[5], twice) << metadata;
    EXPECT_EQ(row[6].size(), 1000u);
    EXPECT_EQ(row[7], std::string(3000, 'z'));
    EXPECT_EQ(row[8], "\u00fc") << metadata;
    EXPECT_EQ(row[9], "-00:00:01.5");
    EXPECT_EQ(row[10], "2020-01-02T03:04:05.000006");
    Run("RESET MASTER");
  }
}

TEST_P(MariaDbServerTest, GtidsThatTheServerNeverHadAreRefused) {
  EXPECT_THAT(Read(*model::GtidSet::Parse("0-101-9999")),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("correct the GTID")));
}

TEST_P(MariaDbServerTest, CompressedEventsAreReadLikePlainOnes) {
  Run("SET GLOBAL log_bin_compress = ON");
  ASSERT_OK_AND_ASSIGN(auto session, server().Connect());
  ASSERT_OK(
      session->Execute("CREATE TABLE t.a (id INT PRIMARY KEY, v TEXT); "
                       "INSERT INTO t.a VALUES (1,REPEAT('abc',1000)),(2,REPEAT('d',1000)); "
                       "UPDATE t.a SET v=CONCAT(v,'e'); DELETE FROM t.a WHERE id=2"));
  ASSERT_OK_AND_ASSIGN(const Stream stream, Read());
  EXPECT_THAT(stream.errors, IsEmpty());
  EXPECT_EQ(stream.rows, ToolCounts());
  ASSERT_OK_AND_ASSIGN(const test::Rows events, server().Query("SHOW BINLOG EVENTS"));
  std::vector<std::string> types;
  for (const test::Row& row : events) types.push_back(row[2].value_or(""));
  EXPECT_THAT(types, Contains("Write_rows_compressed_v1"));
}

TEST_P(MariaDbServerTest, TheRowEndIsAPartOfTheKeyOfVersionedTables) {
  Run("CREATE TABLE t.a (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING");
  Run("INSERT INTO t.a VALUES (1,1)");
  Run("UPDATE t.a SET v=2");
  ASSERT_OK_AND_ASSIGN(const Stream stream, Read());
  EXPECT_THAT(stream.errors, IsEmpty());
  EXPECT_EQ(stream.rows.at("INSERT INTO `t`.`a`"), 2);  // one of them is history
  EXPECT_THAT(stream.last_table->key_columns, ElementsAre(0, 3));
  EXPECT_EQ(stream.last_table->columns[3].name, "row_end");
}

// How long such values are stands in the catalog only.
TEST_P(MariaDbServerTest, FractionsInTheFormatOfOldVersionsNeedTheirTable) {
  Run("SET GLOBAL mysql56_temporal_format = OFF, binlog_row_metadata = 'FULL'");
  Run("CREATE TABLE t.b (id INT PRIMARY KEY, tm TIME(3)); INSERT INTO t.b VALUES (1,'1:02:03.5')");
  ASSERT_OK_AND_ASSIGN(Stream stream, Read());
  EXPECT_THAT(stream.errors, IsEmpty());
  EXPECT_EQ(Texts(stream.after.back())[1], "01:02:03.5");
  Run("DROP TABLE t.b");
  ASSERT_OK_AND_ASSIGN(stream, Read());
  ASSERT_EQ(stream.errors.size(), 1u);
  EXPECT_THAT(stream.errors[0], test::StatusIs(absl::StatusCode::kNotFound, HasSubstr("t.b")));
}

TEST_P(MariaDbServerTest, SequencesAndHashedKeysAreKnown) {
  Run("CREATE TABLE t.a (id INT, b BLOB, UNIQUE (b))");
  Run("INSERT INTO t.a VALUES (1,'x')");
  ASSERT_OK_AND_ASSIGN(Stream stream, Read());
  EXPECT_THAT(stream.errors, IsEmpty());
  ASSERT_EQ(stream.last_table->columns.size(), 3u);
  EXPECT_TRUE(stream.last_table->columns[2].hidden);
  Run("CREATE SEQUENCE t.s; SELECT NEXTVAL(t.s)");
  ASSERT_OK_AND_ASSIGN(stream, Read());
  EXPECT_TRUE(stream.last_table->is_sequence);
  // The server has forgotten it, but FULL metadata has its columns' names.
  Run("SET GLOBAL binlog_row_metadata = 'FULL'; CREATE SEQUENCE t.d; SELECT NEXTVAL(t.d); "
      "DROP SEQUENCE t.d");
  ASSERT_OK_AND_ASSIGN(stream, Read());
  EXPECT_THAT(stream.errors, IsEmpty());
  EXPECT_EQ(stream.last_table->name, "d");
  EXPECT_TRUE(stream.last_table->is_sequence);
}

INSTANTIATE_TEST_SUITE_P(, MariaDbServerTest, ::testing::Values(Flavour::kMariaDb),
                         [](const auto& c) { return test::NameOf(c.param); });

}  // namespace
}  // namespace dcp::mysql
