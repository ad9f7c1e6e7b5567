// `dcp verify` as a user runs it: what it prints, and its exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/environment.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VerifyCommandTest : public ::testing::Test {
 protected:
  VerifyCommandTest() : dir_("dcp-verify") {}

  void SetUp() override {
    ASSERT_OK(SharedServers::Reset());
    ASSERT_OK(pair_.source().Execute(
        "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, r VARCHAR(9)); "
        "INSERT INTO shop.orders VALUES (1, 'a\"b'), (2, NULL), (3, 'c')"));
    ASSERT_OK(pair_.WaitForReplica());
  }

  static std::string Inline(const MysqlServer& server) {
    return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(),
                        ", user = \"dcp\", password_file = \"PASSWORD\" }");
  }

  ProgramResult Verify(std::vector<std::string> flags, const std::string& more = "",
                       const std::string& job = "nightly") {
    return RunJob("verify", std::move(flags), more, job);
  }

  // With an account that may write.
  ProgramResult Repair(std::vector<std::string> flags) {
    return RunJob("repair", std::move(flags), "", "nightly");
  }

  ProgramResult RunJob(const std::string& command, std::vector<std::string> flags,
                       const std::string& more, const std::string& job) {
    WriteFile(dir_ / "password", "dcp");
    std::string config = absl::StrCat(
        "[[job]]\nname = \"nightly\"\nschedule = \"0 3 * * *\"\nsource = ", Inline(pair_.source()),
        "\ntarget = ", Inline(pair_.replica()), "\n",
        more.empty() ? "tables = [\"shop.*\"]\n" : more);
    if (command == "repair") {
      const size_t account = config.rfind(", user = \"dcp\", password_file = \"PASSWORD\"");
      config.replace(account, config.find(" }", account) - account, ", user = \"root\"");
    }
    for (size_t at = 0; (at = config.find("PASSWORD")) != std::string::npos;) {
      config.replace(at, 8, dir_ / "password");
    }
    WriteFile(dir_ / "dcp.toml", config);
    std::vector<std::string> args = {command, "--config", dir_ / "dcp.toml", "--job", job};
    args.insert(args.end(), flags.begin(), flags.end());
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }

  // The lines of JSON.
  static std::vector<Alarm> Json(const ProgramResult& result) {
    std::vector<Alarm> lines;
    for (const absl::string_view line : absl::StrSplit(result.output, '\n')) {
      if (line.empty() || line[0] != '{') continue;
      lines.push_back(Alarm::parse(line.begin(), line.end()));
    }
    return lines;
  }

  ReplicaPair& pair_ = SharedServers::Pair();
  TestDir dir_;
};

TEST_F(VerifyCommandTest, EqualTablesEndWithZero) {
  const ProgramResult text = Verify({});
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("sync = barrier"));
  EXPECT_THAT(text.output, HasSubstr("equal"));
  const ProgramResult json = Verify({"--json"});
  EXPECT_EQ(json.exit_code, 0);
  const auto lines = Json(json);
  ASSERT_EQ(lines.size(), 1u) << json.output;
  EXPECT_EQ(lines[0].size(), 6u) << lines[0];
  EXPECT_EQ(lines[0]["table"], "shop.orders");
  EXPECT_EQ(lines[0]["rows"], 3);
  EXPECT_EQ(lines[0]["different"], 0);
  EXPECT_EQ(lines[0]["undecided"], 0);
  EXPECT_GE(lines[0]["chunks"], 1);
  EXPECT_GE(lines[0]["seconds"], 0.0);
}

TEST_F(VerifyCommandTest, DifferencesAreOneLineEach) {
  ASSERT_OK(
      pair_.replica().Execute("UPDATE shop.orders SET r = 'x' WHERE id = 1; DELETE FROM "
                              "shop.orders WHERE id = 2; INSERT INTO shop.orders VALUES (9, 'y')"));
  const ProgramResult json = Verify({"--json"});
  EXPECT_EQ(json.exit_code, 2) << json.output;
  const auto lines = Json(json);
  ASSERT_EQ(lines.size(), 4u) << json.output;
  EXPECT_EQ(lines[0], Alarm::parse(R"({"table":"shop.orders","key":[1],"kind":"mismatch",)"
                                   R"("columns":["r"],"source":[1,"a\"b"],"target":[1,"x"]})"));
  EXPECT_EQ(lines[1], Alarm::parse(R"({"table":"shop.orders","key":[2],"kind":"missing",)"
                                   R"("columns":[],"source":[2,null],"target":null})"));
  EXPECT_EQ(lines[2], Alarm::parse(R"({"table":"shop.orders","key":[9],"kind":"extra",)"
                                   R"("columns":[],"source":null,"target":[9,"y"]})"));
  EXPECT_EQ(lines[3]["different"], 3);
  const ProgramResult text = Verify({});
  EXPECT_EQ(text.exit_code, 2);
  EXPECT_THAT(text.output, HasSubstr("shop.orders[1] mismatch in r"));
  EXPECT_THAT(text.output, HasSubstr("DIFFERENT"));
}

TEST_F(VerifyCommandTest, TheExitStatusAddsUp) {
  ASSERT_OK(pair_.replica().Execute(
      "DELETE FROM shop.orders WHERE id = 3; CREATE TABLE shop.more (id INT PRIMARY KEY)"));
  const ProgramResult result = Verify({"--json"});
  EXPECT_EQ(result.exit_code, 2 + 8) << result.output;
  EXPECT_THAT(result.output, HasSubstr("shop.more: skipped: only the target has this table"));
  ASSERT_OK(pair_.StopReplication());
  ASSERT_OK(pair_.source().Execute("INSERT INTO shop.orders VALUES (4, 'd')"));
  const ProgramResult late = Verify({}, "tables = [\"shop.orders\"]\nsync_timeout = \"200ms\"\n");
  EXPECT_EQ(late.exit_code, 4) << late.output;
  EXPECT_THAT(late.output, HasSubstr("replication is stopped or lags"));
}

TEST_F(VerifyCommandTest, ExplainAndSchemaOnlyReadNoRow) {
  ASSERT_OK(pair_.replica().Execute("UPDATE shop.orders SET r = 'x'"));
  const ProgramResult explained = Verify({"--explain"});
  EXPECT_EQ(explained.exit_code, 0);
  EXPECT_THAT(explained.output, HasSubstr("FROM `shop`.`orders` FORCE INDEX (`PRIMARY`)"));
  EXPECT_THAT(explained.output, Not(HasSubstr("mismatch")));
  EXPECT_EQ(Verify({"--schema-only"}).exit_code, 0);
  ASSERT_OK(pair_.replica().Execute("ALTER TABLE shop.orders ADD more INT"));
  const ProgramResult schema = Verify({"--schema-only"});
  EXPECT_EQ(schema.exit_code, 8);
  EXPECT_THAT(schema.output, HasSubstr("column more of shop.orders on the target is missing"));
}

TEST_F(VerifyCommandTest, WrongUseIsSaid) {
  const ProgramResult unknown = Verify({}, "", "hourly");
  EXPECT_EQ(unknown.exit_code, 78);
  EXPECT_THAT(unknown.output, HasSubstr("there is no [[job]] 'hourly'; there is nightly"));
  EXPECT_EQ(Verify({"--explain", "--json"}).exit_code, 64);
  ASSERT_OK_AND_ASSIGN(const ProgramResult bare, RunDcp({"verify"}));
  EXPECT_EQ(bare.exit_code, 64);
}

TEST_F(VerifyCommandTest, AServerThatIsGoneIsSaidBeforeAnythingIsCompared) {
  ASSERT_OK(pair_.replica().Stop());
  const ProgramResult result = Verify({});
  EXPECT_EQ(result.exit_code, 78) << result.output;
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("127.0.0.1:", pair_.replica().port())));
}

// Counts the pages that are read of both servers, by their own logs.
class PageCounter {
 public:
  explicit PageCounter(ReplicaPair& pair) : pair_(pair) {
    for (MysqlServer* const server : {&pair.source(), &pair.replica()}) {
      EXPECT_OK(server->Execute(
          "SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON; TRUNCATE mysql.general_log"));
    }
  }
  // Since the beginning, or Forget().
  uint64_t Source() { return Count(pair_.source()); }
  uint64_t Target() { return Count(pair_.replica()); }
  void Forget() {
    for (MysqlServer* const server : {&pair_.source(), &pair_.replica()}) {
      EXPECT_OK(server->Execute("TRUNCATE mysql.general_log"));
    }
  }

 private:
  static uint64_t Count(MysqlServer& server) {
    const auto count = server.QueryValue(
        "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT%FORCE INDEX%'");
    EXPECT_OK(count);
    return std::stoull(count.value_or("0"));
  }

  ReplicaPair& pair_;
};

TEST_F(VerifyCommandTest, AKilledRunGoesOnFromItsCheckpoint) {
  constexpr uint64_t kWorkers = 2;
  std::string rows;
  for (int i = 10; i < 5000; ++i) {
    absl::StrAppend(&rows, i == 10 ? "" : ",", "(", i, ",'r", i, "')");
  }
  ASSERT_OK(pair_.source().Execute(
      absl::StrCat("CREATE TABLE shop.more LIKE shop.orders; INSERT INTO shop.orders VALUES ", rows,
                   "; INSERT INTO shop.more VALUES ", rows)));
  ASSERT_OK(pair_.WaitForReplica());
  ASSERT_OK(pair_.replica().Execute(
      "UPDATE shop.orders SET r = 'x' WHERE id % 1000 = 5; DELETE FROM shop.more WHERE id = 77"));
  const std::string more = "tables = [\"shop.*\"]\nchunk_rows = 50\nparallel = 2\n";
  const auto told = [&](const ProgramResult& result) {
    auto lines = Json(result);
    for (Alarm& line : lines) line.erase("seconds");
    std::sort(lines.begin(), lines.end());  // two tables at a time
    return lines;
  };
  PageCounter pages(pair_);
  const auto expected = told(Verify({"--json"}, more));
  ASSERT_EQ(expected.size(), 7u);
  const uint64_t of_source = pages.Source();
  const uint64_t of_target = pages.Target();
  pages.Forget();

  const uint64_t runs = NumberFromEnvironment("DCP_TEST_VERIFY_RUNS").value_or(1);
  std::minstd_rand random(20261121);
  uint64_t all_kills = 0;
  // RunDcp kills what takes longer; the pauses of looking again alone do.
  const std::vector<std::string> args = {"verify",  "--config", dir_ / "dcp.toml", "--job",
                                         "nightly", "--json",   "--checkpoint",    dir_ / "c"};
  for (uint64_t run = 0; run < runs; ++run) {
    uint64_t kills = 0;
    for (double most = 100;; most *= 1.2) {
      const double limit = std::uniform_real_distribution<double>(50, most)(random);
      const auto result = RunDcp(args, absl::Milliseconds(limit));
      if (!result.ok()) {
        ASSERT_THAT(result, StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("")));
        ++kills;
        if (std::filesystem::exists(dir_ / "c")) continue;
        // Killed before it had begun, or when it had ended: the next one begins anew.
        pages.Forget();
        kills = 0;
        continue;
      }
      EXPECT_EQ(result->exit_code, 2) << result->output;
      EXPECT_EQ(told(*result), expected);
      break;
    }
    all_kills += kills;
    // A kill repeats the chunk that was being read. The side that is read first is a page ahead.
    const uint64_t source = pages.Source();
    const uint64_t target = pages.Target();
    EXPECT_GE(source, of_source);
    EXPECT_LE(source, of_source + 2 * kills * kWorkers);
    EXPECT_GE(target, of_target);
    EXPECT_LE(target, of_target + kills * kWorkers);
    std::cout << kills << " kills: " << source - of_source << " of " << of_source << " and "
              << target - of_target << " of " << of_target << " pages read twice" << std::endl;
    pages.Forget();
  }
  EXPECT_GE(all_kills, 1u);
  EXPECT_EQ(RunDcp({"verify", "--config", dir_ / "dcp.toml", "--job", "nightly", "--schema-only",
                    "--checkpoint", dir_ / "c"})
                .value_or(ProgramResult())
                .exit_code,
            64);
}

// A condition that one server cannot evaluate: every page fails there.
TEST_F(VerifyCommandTest, WhatCannotBeReadOnOneSideIsUndecidedAndGetsNoStatement) {
  ASSERT_OK(pair_.replica().Execute("UPDATE shop.orders SET r = 'x' WHERE id = 1"));
  for (const char* const where : {"where = \"nothing = 1\", target_where = \"id > 0\"",
                                  "where = \"id > 0\", target_where = \"nothing = 1\""}) {
    SCOPED_TRACE(where);
    const std::string more = absl::StrCat("tables = [{ match = \"shop.orders\", ", where, " }]\n");
    const ProgramResult result = Verify({"--json"}, more);
    EXPECT_EQ(result.exit_code, 4) << result.output;
    EXPECT_THAT(result.output, HasSubstr("nothing"));
    const ProgramResult repair = RunJob("repair", {}, more, "nightly");
    EXPECT_EQ(repair.exit_code, 4) << repair.output;
    EXPECT_THAT(repair.output, Not(HasSubstr("UPDATE /*")));
  }
}

TEST_F(VerifyCommandTest, ColumnsHaveOtherNamesAndBytesAreComparedIfTheJobSaysSo) {
  ASSERT_OK(pair_.replica().Execute(
      "CREATE TABLE shop.bills (no INT PRIMARY KEY, region VARCHAR(99) CHARACTER SET latin1); "
      "INSERT INTO shop.bills SELECT * FROM shop.orders; UPDATE shop.bills SET region = 'x' WHERE "
      "no = 3; UPDATE shop.bills SET region = '\xc3\xbc' WHERE no = 2"));
  ASSERT_OK(pair_.source().Execute("UPDATE shop.orders SET r = '\xc3\xbc' WHERE id = 2"));
  ASSERT_OK(pair_.WaitForReplica());
  const std::string more =
      "tables = [{ match = \"shop.orders\", as = \"shop.bills\", columns = { id = \"no\", r = "
      "\"region\" } }]\n";
  const ProgramResult values = Verify({"--json"}, more);
  EXPECT_EQ(values.exit_code, 2) << values.output;
  const auto lines = Json(values);
  ASSERT_EQ(lines.size(), 2u) << values.output;
  EXPECT_EQ(lines[0], Alarm::parse(R"({"table":"shop.bills","key":[3],"kind":"mismatch",)"
                                   R"("columns":["region"],"source":[3,"c"],"target":[3,"x"]})"));
  const std::string bytes = more + "compare = \"bytes\"\n";
  const ProgramResult stored = Verify({"--json"}, bytes);
  EXPECT_EQ(Json(stored).size(), 3u) << stored.output;
  const ProgramResult refused = RunJob("repair", {}, bytes, "nightly");
  EXPECT_EQ(refused.exit_code, 78) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("compare = \"values\""));

  const ProgramResult repaired =
      RunJob("repair", {"--execute", "--undo", dir_ / "undo"}, more, "nightly");
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  EXPECT_EQ(Verify({}, more).exit_code, 0);
  EXPECT_EQ(pair_.replica().QueryValue("SELECT region FROM shop.bills WHERE no = 3").value_or(""),
            "c");
  // A row that is missing gets the values under their other names.
  ASSERT_OK(pair_.replica().Execute("DELETE FROM shop.bills WHERE no = 1"));
  EXPECT_EQ(RunJob("repair", {"--execute", "--undo", dir_ / "undo2"}, more, "nightly").exit_code,
            0);
  EXPECT_EQ(pair_.replica().QueryValue("SELECT region FROM shop.bills WHERE no = 1").value_or(""),
            "a\"b");
}

TEST_F(VerifyCommandTest, RepairSaysWhatItWouldDoAndDoesItWhenToldTo) {
  ASSERT_OK(
      pair_.replica().Execute("UPDATE shop.orders SET r = 'x' WHERE id = 1; DELETE FROM "
                              "shop.orders WHERE id = 2; INSERT INTO shop.orders VALUES (9, 'y')"));
  const ProgramResult dry = Repair({});
  EXPECT_EQ(dry.exit_code, 2) << dry.output;
  EXPECT_THAT(dry.output, HasSubstr("nothing is changed (--execute does)"));
  EXPECT_THAT(dry.output, HasSubstr("SET `r` = 'a\\\"b' WHERE (`id` = 1)"));
  EXPECT_EQ(Verify({}).exit_code, 2);

  // From a report, with what it says on standard error.
  const ProgramResult json = Verify({"--json"});
  std::string report;
  for (const absl::string_view line : absl::StrSplit(json.output, '\n')) {
    if (!line.empty() && line[0] == '{') absl::StrAppend(&report, line, "\n");
  }
  WriteFile(dir_ / "report", report);
  const ProgramResult done =
      Repair({"--report", dir_ / "report", "--execute", "--undo", dir_ / "undo.sql"});
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("the way back is in "));
  EXPECT_EQ(Verify({}).exit_code, 0);
  EXPECT_EQ(Repair({"--report", dir_ / "report"}).exit_code, 0);  // all equal by now
  for (const absl::string_view line : absl::StrSplit(ReadFile(dir_ / "undo.sql"), '\n')) {
    if (line.empty() || line[0] == '-') continue;
    ASSERT_OK(pair_.replica().Execute(std::string(line)));
  }
  EXPECT_EQ(Json(Verify({"--json"})).size(), 4u);
}

TEST_F(VerifyCommandTest, RepairTellsWhatItDidNotDo) {
  ASSERT_OK(pair_.replica().Execute("DELETE FROM shop.orders WHERE id = 2"));
  WriteFile(dir_ / "cut",
            "{\"table\":\"shop.orders\",\"key\":[2],\"kind\":\"missing\",\"columns\":[],"
            "\"source\":[2,null],\"target\":null}\n{\"table\":\"shop.orders\",\"ke");
  const ProgramResult cut = Repair({"--report", dir_ / "cut", "--json"});
  EXPECT_EQ(cut.exit_code, 4) << cut.output;
  EXPECT_THAT(cut.output, HasSubstr("the report ends before its result"));
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.more (id INT PRIMARY KEY)"));
  ASSERT_OK(pair_.WaitForReplica());
  ASSERT_OK(pair_.replica().Execute("DROP TABLE shop.more"));
  const ProgramResult result = Repair({"--execute", "--undo", dir_ / "undo.sql"});
  EXPECT_EQ(result.exit_code, 8) << result.output;
  WriteFile(dir_ / "other", "no report\n");
  EXPECT_EQ(Repair({"--report", dir_ / "other"}).exit_code, 78);
  EXPECT_EQ(Repair({"--undo", dir_ / "u"}).exit_code, 64);
  EXPECT_EQ(Repair({"--execute", "--dry-run"}).exit_code, 64);
}

}  // namespace
}  // namespace dcp::test
