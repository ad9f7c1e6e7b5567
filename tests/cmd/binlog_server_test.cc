// `dcp binlog` against real servers: what it says is held against what the
// server's own mysqlbinlog and SELECT say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "tests/cmd/binlog_run.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::MysqlServer;
using ::dcp::test::ReplicaPair;
using ::dcp::test::Rows;
using ::dcp::test::SharedServers;
using ::dcp::test::StatusIs;
using ::nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Format = BinlogArgs::Format;
// "db.table INSERT" and how many rows.
using Counts = std::map<std::string, uint64_t>;

using Result = BinlogRun;

Result Read(const BinlogArgs& args) { return RunBinlogOnce(args); }

BinlogArgs Live(const MysqlServer& server, Format format) { return LiveBinlog(server, format); }

std::vector<std::string> BinlogFiles(const MysqlServer& server) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(server.binlog_dir())) {
    const std::string extension = entry.path().extension();
    if (extension.size() == 7 && absl::ascii_isdigit(static_cast<unsigned char>(extension[1]))) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The files as they are when the server has begun a new one: whole.
BinlogArgs Files(MysqlServer& server, Format format) {
  EXPECT_OK(server.Execute("FLUSH BINARY LOGS"));
  BinlogArgs args;
  args.files = BinlogFiles(server);
  args.files.pop_back();
  args.format = format;
  return args;
}

// The rows of a summary without its totals; checks that they add up.
Counts ParseSummary(const std::string& summary) {
  constexpr std::array<const char*, 3> kOps = {"INSERT", "UPDATE", "DELETE"};
  Counts counts;
  for (const absl::string_view line : absl::StrSplit(summary, '\n', absl::SkipEmpty())) {
    std::vector<std::string> cells = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (cells[0] == "table" || cells[0] == "total") continue;
    EXPECT_GE(cells.size(), 5u) << line;
    const size_t first = cells.size() - 4;
    const std::string name = absl::StrJoin(cells.begin(), cells.end() - 4, " ");
    uint64_t sum = 0;
    for (size_t i = 0; i < kOps.size(); ++i) {
      uint64_t count = 0;
      EXPECT_TRUE(absl::SimpleAtoi(cells[first + i], &count)) << line;
      if (count != 0) counts[absl::StrCat(name, " ", kOps[i])] = count;
      sum += count;
    }
    EXPECT_EQ(cells.back(), absl::StrCat(sum)) << line;
  }
  return counts;
}

std::vector<std::string> OutputLines(const std::string& command) {
  std::vector<std::string> lines;
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  char* line = nullptr;
  size_t capacity = 0;
  while (getline(&line, &capacity, pipe) >= 0) lines.emplace_back(line);
  free(line);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return lines;
}

// What the server's own tool counts: "### INSERT INTO `db`.`table`".
Counts CountsOfMysqlbinlog(const MysqlServer& server, const std::vector<std::string>& files) {
  const std::string command = absl::StrCat(
      server.mysqlbinlog(), " -v --base64-output=DECODE-ROWS ", absl::StrJoin(files, " "),
      " | grep -a -E '^### (INSERT INTO|UPDATE|DELETE FROM) '");
  Counts counts;
  for (absl::string_view line : OutputLines(command)) {
    const std::string op(line.substr(4, 6));
    const std::string name(line.substr(line.find('`')));
    ++counts[absl::StrCat(
        absl::StrReplaceAll(absl::StripAsciiWhitespace(name), {{"`.`", "."}, {"`", ""}}), " ", op)];
  }
  return counts;
}

std::vector<json> ParseLines(const Result& result) {
  std::vector<json> lines;
  for (const std::string& line : result.lines()) {
    json parsed = json::parse(line, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << line;
    lines.push_back(std::move(parsed));
  }
  return lines;
}

class BinlogServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(SharedServers::Reset()); }

  // Writes of all kinds that rows come from, on one session of its own.
  void MakeTraffic() {
    ASSERT_OK_AND_ASSIGN(const auto session, source_.Connect());
    for (const char* sql : {
             "CREATE DATABASE shop; CREATE DATABASE stock",
             "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED, "
             "  note VARCHAR(40) CHARACTER SET latin1, KEY (customer))",
             "CREATE TABLE stock.items (shelf INT, slot INT UNSIGNED, name LONGTEXT, "
             "  PRIMARY KEY (slot, shelf))",
             "CREATE TABLE stock.`odd name` (a INT, b FLOAT)",
             "SET cte_max_recursion_depth = 20000",
             // One transaction of 10,000 rows.
             "INSERT INTO shop.orders (customer, note) WITH RECURSIVE n(i) AS "
             "  (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
             "  SELECT i % 97, CONCAT('order ', i) FROM n",
             "UPDATE shop.orders SET note = 'again' WHERE customer < 10",
             "DELETE FROM shop.orders WHERE customer = 11",
             "INSERT INTO stock.items VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, NULL)",
             "UPDATE stock.items SET slot = slot + 10 ORDER BY slot DESC",
             "REPLACE INTO stock.items VALUES (1, 11, 'c'), (9, 9, 'd')",
             "INSERT INTO stock.items VALUES (9, 9, 'e') ON DUPLICATE KEY UPDATE name = 'f'",
             "INSERT INTO stock.`odd name` VALUES (1, 0.1), (1, 0.1), (NULL, NULL)",
             "UPDATE stock.`odd name` SET a = 2 WHERE a = 1 LIMIT 1",
             "DELETE FROM stock.`odd name` LIMIT 2",
             // Several tables in one statement and in one transaction.
             "BEGIN; UPDATE shop.orders o, stock.items i SET o.note = 'x', i.name = 'y' "
             "  WHERE o.customer = i.slot; INSERT INTO shop.orders (customer) VALUES (1); "
             "  SAVEPOINT s; DELETE FROM stock.items; ROLLBACK TO s; "
             "  INSERT INTO stock.items VALUES (3, 3, 'g'); COMMIT",
             "BEGIN; INSERT INTO shop.orders (customer) VALUES (1); ROLLBACK",
             "XA START 'kept'; INSERT INTO stock.items VALUES (4, 4, 'h'); XA END 'kept'; "
             "  XA PREPARE 'kept'; XA COMMIT 'kept'",
             "SET SESSION binlog_transaction_compression = ON; "
             "  UPDATE shop.orders SET note = NULL WHERE id < 2000; "
             "  INSERT INTO stock.items VALUES (5, 5, REPEAT('z', 100000)); "
             "  SET SESSION binlog_transaction_compression = OFF",
             "FLUSH BINARY LOGS",
             "CREATE TABLE shop.copy AS SELECT * FROM shop.orders WHERE id <= 500",
             "TRUNCATE TABLE shop.copy",
             "INSERT INTO shop.copy VALUES (1, 4294967295, 'gr\xc3\xbc\xc3\x9f')",
             "DROP TABLE stock.`odd name`",
         }) {
      ASSERT_OK(session->Execute(sql)) << sql;
    }
  }

  ReplicaPair& pair_ = SharedServers::Pair();
  MysqlServer& source_ = pair_.source();
  MysqlServer& replica_ = pair_.replica();
};

TEST_F(BinlogServerTest, SummaryAgreesWithMysqlbinlog) {
  MakeTraffic();
  const BinlogArgs files = Files(source_, Format::kSummary);
  EXPECT_THAT(files.files, SizeIs(2));
  const Counts expected = CountsOfMysqlbinlog(source_, files.files);
  EXPECT_EQ(expected.at("shop.orders INSERT"), 10'001u);
  EXPECT_EQ(expected.at("stock.odd name DELETE"), 2u);

  const Result from_files = Read(files);
  EXPECT_OK(from_files.status);
  EXPECT_EQ(ParseSummary(from_files.out), expected);
  const Result live = Read(Live(source_, Format::kSummary));
  // The table that is gone cannot be described by the server any more.
  EXPECT_THAT(live.status, HasCode(absl::StatusCode::kDataLoss));
  EXPECT_THAT(live.err, HasSubstr("odd name"));
  Counts without_dropped = expected;
  std::erase_if(without_dropped,
                [](const auto& count) { return absl::StartsWith(count.first, "stock.odd name"); });
  EXPECT_EQ(ParseSummary(live.out), without_dropped);
}

TEST_F(BinlogServerTest, WithFullMetadataServerAndFilesGiveTheSame) {
  ASSERT_OK(source_.Execute("SET GLOBAL binlog_row_metadata = FULL"));
  MakeTraffic();
  for (const Format format : {Format::kSummary, Format::kDigest, Format::kJsonl}) {
    const Result from_files = Read(Files(source_, format));
    const Result live = Read(Live(source_, format));
    EXPECT_OK(from_files.status);
    EXPECT_OK(live.status);
    EXPECT_THAT(from_files.err, IsEmpty());
    EXPECT_THAT(live.err, IsEmpty());
    ASSERT_EQ(from_files.lines().size(), live.lines().size());
    const std::vector<std::string> file_lines = from_files.lines(), live_lines = live.lines();
    for (size_t i = 0; i < live_lines.size(); ++i) ASSERT_EQ(file_lines[i], live_lines[i]);
    EXPECT_THAT(live.out, Not(HasSubstr("approx")));
  }
}

TEST_F(BinlogServerTest, DigestsOfSourceAndReplicaAreEqualUntilTheyDiffer) {
  ASSERT_OK(source_.Execute("SET GLOBAL binlog_row_metadata = FULL"));
  ASSERT_OK(replica_.Execute("SET GLOBAL binlog_row_metadata = FULL"));
  MakeTraffic();
  ASSERT_OK(pair_.WaitForReplica());
  const Result source = Read(Live(source_, Format::kDigest));
  const Result replica = Read(Live(replica_, Format::kDigest));
  EXPECT_OK(source.status);
  EXPECT_OK(replica.status);
  EXPECT_EQ(source.out, replica.out);
  EXPECT_THAT(source.lines(), SizeIs(5));

  ASSERT_OK(replica_.Execute("UPDATE stock.items SET name = 'z' WHERE shelf = 3"));
  const Result written = Read(Live(replica_, Format::kDigest));
  EXPECT_OK(written.status);
  ASSERT_THAT(written.lines(), SizeIs(5));
  size_t different = 0;
  for (size_t i = 0; i < 5; ++i) different += written.lines()[i] != source.lines()[i] ? 1u : 0u;
  EXPECT_EQ(different, 2u) << written.out;  // stock.items and the total
}

TEST_F(BinlogServerTest, TableLimitsWhatIsRead) {
  MakeTraffic();
  BinlogArgs args = Live(source_, Format::kSummary);
  args.tables = {"shop.o*", "stock.items"};
  const Result result = Read(args);
  EXPECT_OK(result.status);  // the dropped table is not wanted
  EXPECT_THAT(result.out, AllOf(HasSubstr("shop.orders"), HasSubstr("stock.items"),
                                Not(HasSubstr("copy")), Not(HasSubstr("odd"))));
}

TEST_F(BinlogServerTest, EveryLineTellsWhereItStands) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                      "INSERT INTO shop.t VALUES (1), (2)"));
  ASSERT_OK_AND_ASSIGN(const Rows events, source_.Query("SHOW BINLOG EVENTS"));
  ASSERT_OK_AND_ASSIGN(const std::string uuid, source_.QueryValue("SELECT @@server_uuid"));
  std::string end;
  for (const auto& event : events) {
    if (absl::StartsWith(*event[2], "Write_rows")) end = *event[4];
  }
  const absl::Time before = Clock::Real().Now() - absl::Minutes(5);

  const Result result = Read(Live(source_, Format::kJsonl));
  ASSERT_OK(result.status);
  const std::vector<json> lines = ParseLines(result);
  ASSERT_THAT(lines, SizeIs(2));
  for (const json& line : lines) {
    EXPECT_EQ(line["gtid"], uuid + ":3");
    EXPECT_EQ(line["file"], "binlog.000001");
    EXPECT_EQ(line["pos"].dump(), end);
    EXPECT_EQ(line["table"], "shop.t");
    absl::Time ts;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, line["ts"].get<std::string>(), &ts, &error))
        << error;
    EXPECT_GT(ts, before);
    EXPECT_LE(ts, Clock::Real().Now());
  }
}

TEST_F(BinlogServerTest, ItBeginsWhereItIsTold) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                      "INSERT INTO shop.t VALUES (1)"));
  ASSERT_OK_AND_ASSIGN(const std::string executed, source_.QueryValue("SELECT @@gtid_executed"));
  ASSERT_OK_AND_ASSIGN(const Rows status, source_.Query("SHOW BINARY LOG STATUS"));
  uint64_t offset = 0;
  ASSERT_TRUE(absl::SimpleAtoi(*status[0][1], &offset));
  ASSERT_OK(
      source_.Execute("INSERT INTO shop.t VALUES (2); FLUSH BINARY LOGS;"
                      "INSERT INTO shop.t VALUES (3)"));

  for (BinlogArgs args : {Live(source_, Format::kJsonl), Files(source_, Format::kJsonl)}) {
    BinlogArgs by_gtid = args;
    ASSERT_OK_AND_ASSIGN(by_gtid.from_gtid, model::GtidSet::Parse(executed));
    BinlogArgs by_position = args;
    by_position.from_position = {*status[0][0], offset};
    BinlogArgs by_file = args;
    by_file.from_position = {"binlog.000002", 4};
    const Result all = Read(args);
    EXPECT_OK(all.status);
    EXPECT_THAT(all.lines(), SizeIs(3));
    for (const BinlogArgs& from : {by_gtid, by_position}) {
      const Result result = Read(from);
      EXPECT_OK(result.status);
      EXPECT_THAT(result.lines(), ElementsAre(all.lines()[1], all.lines()[2]));
    }
    EXPECT_THAT(Read(by_file).lines(), ElementsAre(all.lines()[2]));
  }
}

TEST_F(BinlogServerTest, TaggedGtidsAreShownAndAreAPlaceToGoOnFrom) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                      "SET gtid_next = 'AUTOMATIC:blue'; INSERT INTO shop.t VALUES (1);"
                      "SET gtid_next = 'AUTOMATIC:red'; INSERT INTO shop.t VALUES (2);"
                      "SET gtid_next = 'AUTOMATIC'; INSERT INTO shop.t VALUES (3);"
                      "FLUSH BINARY LOGS; SET gtid_next = 'AUTOMATIC:blue';"
                      "INSERT INTO shop.t VALUES (4); SET gtid_next = 'AUTOMATIC'"));
  ASSERT_OK_AND_ASSIGN(const std::string uuid, source_.QueryValue("SELECT @@server_uuid"));
  for (BinlogArgs args : {Live(source_, Format::kJsonl), Files(source_, Format::kJsonl)}) {
    args.tables = {"shop.*"};
    const Result all = Read(args);
    ASSERT_OK(all.status);
    std::vector<std::string> gtids;
    for (const json& line : ParseLines(all)) gtids.push_back(line["gtid"].get<std::string>());
    EXPECT_THAT(gtids,
                ElementsAre(uuid + ":blue:1", uuid + ":red:1", uuid + ":3", uuid + ":blue:2"));
    ASSERT_OK_AND_ASSIGN(args.from_gtid, model::GtidSet::Parse(uuid + ":1-3:blue:1"));
    EXPECT_THAT(Read(args).lines(), ElementsAre(all.lines()[1], all.lines()[3]));
  }
}

TEST_F(BinlogServerTest, AbsentColumnsOfPartialImagesAreMarked) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop;"
                      "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT, b INT);"
                      "INSERT INTO shop.t VALUES (1, 2, 3);"
                      "SET SESSION binlog_row_image = MINIMAL;"
                      "UPDATE shop.t SET b = NULL; DELETE FROM shop.t;"
                      "SET SESSION binlog_row_image = FULL"));
  const Result result = Read(Live(source_, Format::kJsonl));
  ASSERT_OK(result.status);
  EXPECT_THAT(
      result.lines(),
      ElementsAre(
          HasSubstr(R"("op":"INSERT","key":[1],"before":null,"row":[1,2,3]})"),
          HasSubstr(R"("op":"UPDATE","key":[1],"before":[1,{"absent":true},{"absent":true}],)"
                    R"("row":[{"absent":true},{"absent":true},null]})"),
          HasSubstr(R"("op":"DELETE","key":[1],"before":[1,{"absent":true},{"absent":true}],)"
                    R"("row":null})")));
}

TEST_F(BinlogServerTest, AFileTellsWhatItDoesNotKnow) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop;"
                      "CREATE TABLE shop.t (id INT PRIMARY KEY, e ENUM('a', 'b'), c DATE);"
                      "INSERT INTO shop.t VALUES (1, 'b', '2026-02-28')"));
  const Result result = Read(Files(source_, Format::kJsonl));
  ASSERT_OK(result.status);
  EXPECT_THAT(result.lines(),
              ElementsAre(HasSubstr(R"("key":null,"before":null,"row":[1,"2","2026-02-28"],)"
                                    R"("approx":[1]})")));
  EXPECT_THAT(Read(Files(source_, Format::kDigest)).err, HasSubstr("note: shop.t"));
}

TEST_F(BinlogServerTest, AStatementThatChangedDataIsSaid) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                      "INSERT INTO shop.t VALUES (1);"
                      "SET SESSION binlog_format = STATEMENT; INSERT INTO shop.t VALUES (2);"
                      "SET SESSION binlog_format = ROW; INSERT INTO shop.t VALUES (3)"));
  for (const BinlogArgs& args : {Live(source_, Format::kJsonl), Files(source_, Format::kJsonl)}) {
    const Result result = Read(args);
    EXPECT_THAT(result.status, HasCode(absl::StatusCode::kDataLoss));
    EXPECT_THAT(result.err,
                AllOf(HasSubstr("binlog.000001:"), HasSubstr("INSERT INTO shop.t VALUES ( 2 )")));
    EXPECT_THAT(result.lines(), ElementsAre(HasSubstr("\"row\":[1]"), HasSubstr("\"row\":[3]")));
  }
}

// Reads without end, on a thread, into a pipe.
class Follower {
 public:
  explicit Follower(BinlogArgs args) {
    args.until_now = false;
    EXPECT_EQ(pipe(fds_), 0);
    thread_ = std::thread([this, args] { status_ = RunBinlog(args, fds_[1], err_, stop_).status; });
  }
  ~Follower() {
    if (thread_.joinable()) Stop().IgnoreError();
    close(fds_[0]);
    close(fds_[1]);
  }

  std::string NextLine() {
    std::string line;
    char c = 0;
    while (read(fds_[0], &c, 1) == 1 && c != '\n') line.push_back(c);
    return line;
  }
  absl::Status Stop() {
    stop_ = true;
    return Wait();
  }
  absl::Status Wait() {
    thread_.join();
    return status_;
  }

 private:
  int fds_[2] = {-1, -1};
  std::atomic<bool> stop_ = false;
  std::ostringstream err_;
  absl::Status status_;
  std::thread thread_;
};

TEST_F(BinlogServerTest, ItFollowsTheServerUntilStopped) {
  ASSERT_OK(source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)"));
  Follower follower(Live(source_, Format::kJsonl));
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK(source_.Execute(absl::StrCat("INSERT INTO shop.t VALUES (", i, ")")));
    EXPECT_THAT(follower.NextLine(), HasSubstr(absl::StrCat("\"row\":[", i, "]}")));
  }
  EXPECT_OK(follower.Stop());
}

TEST_F(BinlogServerTest, ALostConnectionSaysWhereToGoOn) {
  ASSERT_OK(
      source_.Execute("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);"
                      "INSERT INTO shop.t VALUES (1)"));
  ASSERT_OK_AND_ASSIGN(const Rows status, source_.Query("SHOW BINARY LOG STATUS"));
  BinlogArgs args = Live(source_, Format::kJsonl);
  args.server_id = 4711;
  Follower follower(args);
  EXPECT_THAT(follower.NextLine(), HasSubstr("\"row\":[1]}"));
  ASSERT_OK_AND_ASSIGN(
      const std::string id,
      source_.QueryValue("SELECT id FROM information_schema.processlist WHERE "
                         "command LIKE 'Binlog Dump%' AND user = 'dcp' ORDER BY id DESC LIMIT 1"));
  ASSERT_OK(source_.Execute("KILL " + id));
  EXPECT_THAT(
      follower.Wait(),
      StatusIs(absl::StatusCode::kUnavailable,
               HasSubstr(absl::StrCat("--from-file binlog.000001 --from-pos ", *status[0][1]))));
}

TEST_F(BinlogServerTest, AServerThatIsNotThereIsUnavailable) {
  BinlogArgs args = Live(source_, Format::kJsonl);
  args.server->port = 1;
  const Result result = Read(args);
  EXPECT_THAT(result.status, HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(result.out, IsEmpty());
}

}  // namespace
}  // namespace dcp::cmd
