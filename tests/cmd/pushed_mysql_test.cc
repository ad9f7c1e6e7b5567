// A live MySQL server on one side, a client in another language on the other: the
// Python program plays an application of the source and the target's applier.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/cmd/program.h"
#include "tests/cmd/pushed_play.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

class PushedMysqlTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(SharedServers::Reset()); }

  MysqlServer& server() { return SharedServers::Pair().source(); }

  // The server's whole binlog as tag `mysql`, compared with the pushed tag `pushed`.
  std::string Config(const std::string& source, const std::string& target,
                     const std::string& tables) {
    return absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"server\"\nserver_id = 4201\n",
                        ConnectionToml(server()), "start = \"file:binlog.000001:4\"\n",
                        "tags = [{ tag = \"mysql\", ", tables, " }]\n",
                        "[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"", address_,
                        "\"\ntags = [\"pushed\"]\n[[check]]\nname = \"c\"\nsource = \"", source,
                        "\"\ntargets = [\"", target, "\"]\n");
  }

  // Plays the scenario against a daemon with `config` until all of it is judged.
  void Play(const std::string& scenario, const std::string& config) {
    ASSERT_OK_AND_ASSIGN(const auto dcp, DcpProcess::Start(config));
    ASSERT_OK_AND_ASSIGN(
        const ProgramResult applier,
        RunProgram({"/usr/bin/python3", DCP_SOURCE_DIR "/tests/cmd/pushed_applier.py", "--socket",
                    server().socket(), "--target", address_, "--tag", "pushed", "--scenario",
                    scenario}));
    ASSERT_EQ(applier.exit_code, 0) << applier.output << "log:\n" << dcp->log();
    printed_ = applier.output;
    ASSERT_OK_AND_ASSIGN(const std::string last,
                         server().QueryValue("SELECT `offset` FROM drc.barrier"));
    ASSERT_OK(dcp->Await(
        [&](const Alarm& alarm) { return absl::StrCat(alarm["to"].get<uint64_t>()) == last; }));
    ASSERT_OK_AND_ASSIGN(const int status, dcp->Stop());
    EXPECT_EQ(status, 0);
    alarms_ = dcp->alarms();
  }

  std::vector<Alarm> Printed() const {
    std::vector<Alarm> lines;
    std::istringstream in(printed_);
    for (std::string line; std::getline(in, line);) lines.push_back(Alarm::parse(line));
    return lines;
  }

  const std::string address_ = FreeAddress();
  std::string printed_;
  std::vector<Alarm> alarms_;
};

constexpr char kAllTables[] = "tables = [\"shop.*\"]";

TEST_F(PushedMysqlTest, AllTypesPushedFromTheirSpecificationAreSame) {
  Play("types", Config("mysql", "pushed", kAllTables));
  EXPECT_THAT(Texts(alarms_), Each(StartsWith("same ")));
  EXPECT_THAT(alarms_, SizeIs(10));
}

TEST_F(PushedMysqlTest, APushedSourceIsComparedWithAServersRows) {
  Play("types", Config("pushed", "mysql", kAllTables));
  EXPECT_THAT(Texts(alarms_), Each(StartsWith("same ")));
  EXPECT_THAT(alarms_, SizeIs(10));
}

TEST_F(PushedMysqlTest, ChangesMergedByTheApplierAreSame) {
  Play("merged", Config("mysql", "pushed", kAllTables));
  EXPECT_THAT(Texts(alarms_),
              ElementsAre("same 101..102", "same 102..103", "same 103..104", "same 104..105"));
}

TEST_F(PushedMysqlTest, EachDifferenceIsFoundWithItsKeyAndColumns) {
  Play("differences", Config("mysql", "pushed", kAllTables));
  std::vector<Alarm> found;
  std::vector<std::string> resolved, differing;
  for (const Alarm& alarm : alarms_) {
    if (alarm["type"] == "resolved") {
      for (const Alarm& key : alarm["keys"]) resolved.push_back(key);
    }
    if (alarm["type"] != "diff") continue;
    for (const Alarm& diff : alarm["diffs"]) {
      const bool own = diff["table"].is_null();
      differing.push_back(own ? diff["key"][0].get<std::string>()
                              : absl::StrCat(diff["table"].get<std::string>(), diff["key"].dump()));
      found.push_back({{"kind", diff["kind"]}, {"key", diff["key"]}, {"columns", diff["columns"]}});
    }
  }
  ASSERT_FALSE(alarms_.empty());
  EXPECT_THAT(found, UnorderedElementsAreArray(Printed()));
  EXPECT_THAT(resolved, UnorderedElementsAreArray(differing));
  EXPECT_THAT(Texts(alarms_).back(), StartsWith("same "));
}

// What the configuration makes of names, keys and columns.
class PushedNamesTest : public PushedMysqlTest {
 protected:
  // Runs `sql` on the server and pushes `rows`, between two barriers on both sides.
  std::vector<std::string> Judge(const std::string& sql, const Script& rows,
                                 const std::string& tables) {
    auto dcp = DcpProcess::Start(Config("mysql", "pushed", tables));
    EXPECT_OK(dcp);
    if (!dcp.ok()) return {};
    EXPECT_OK(server().Execute(
        "CREATE DATABASE drc; CREATE TABLE drc.barrier (id INT UNSIGNED PRIMARY KEY, "
        "`offset` BIGINT UNSIGNED); INSERT INTO drc.barrier VALUES (1, 1), (2, 70);"
        "CREATE DATABASE shop; CREATE TABLE shop.orders_1 (id BIGINT UNSIGNED PRIMARY KEY, "
        "note TEXT, v TEXT); CREATE TABLE shop.log (a INT, b TEXT)"));
    const std::string step = "; UPDATE drc.barrier SET `offset` = `offset` + 1";
    EXPECT_OK(server().Execute(absl::StrCat(sql, step, step, step)));
    Feed feed(address_);
    feed.SendAll(Script("pushed").Barrier(1).calls()[0]);
    feed.SendAll(rows.calls()[0]);
    feed.SendAll(Script("pushed").Barriers(2, 4).calls()[0]);
    EXPECT_TRUE(feed.End().ok());
    EXPECT_OK((*dcp)->Await([](const Alarm& alarm) { return alarm["to"] == 4; }));
    EXPECT_EQ((*dcp)->Stop().value_or(-1), 0);
    return Texts((*dcp)->alarms());
  }
};

TEST_F(PushedNamesTest, KeysHaveTheLogicalNameAndContentsTheComparedColumns) {
  Script rows("pushed");
  rows.Insert("shop.orders[18446744073709551615]", R"([18446744073709551615,"a"])");
  EXPECT_THAT(Judge("INSERT INTO shop.orders_1 VALUES (18446744073709551615, 'note', 'a')", rows,
                    "tables = [{ match = \"shop.orders_*\", as = \"shop.orders\", "
                    "ignore_columns = [\"note\"] }]"),
              ElementsAre("same 1..2", "same 2..3", "same 3..4"));
}

TEST_F(PushedNamesTest, GravitysKeysAreTheValueAlone) {
  Script rows("pushed");
  rows.Insert("42", R"([42,null,"a"])").Insert("43", R"([43,null,"b"])");
  EXPECT_THAT(Judge("INSERT INTO shop.orders_1 VALUES (42, NULL, 'a'), (43, NULL, 'x')", rows,
                    R"(key_format = "gravity", tables = ["shop.orders_1"])"),
              ElementsAre(R"(diff 1..2 shop.orders_1["43"]:mismatch)", "same 2..3", "same 3..4"));
}

TEST_F(PushedNamesTest, TablesThatTheTagDoesNotTakeAreNotCompared) {
  EXPECT_THAT(Judge("INSERT INTO shop.log VALUES (1, 'a')", Script("pushed"),
                    R"(tables = ["shop.orders_1"])"),
              ElementsAre("same 1..2", "same 2..3", "same 3..4"));
}

// A pushed tag has no DDL: statements on the source's tables are no differences.
TEST_F(PushedMysqlTest, DdlOfTheServerIsNoDifference) {
  Play("ddl", Config("mysql", "pushed", kAllTables));
  EXPECT_THAT(Texts(alarms_), Each(StartsWith("same ")));
  EXPECT_THAT(alarms_, SizeIs(7));
}

}  // namespace
}  // namespace dcp::test
