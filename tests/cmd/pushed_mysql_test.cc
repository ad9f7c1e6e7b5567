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
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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

// A pushed tag has no DDL: statements on the source's tables are no differences.
TEST_F(PushedMysqlTest, DdlOfTheServerIsNoDifference) {
  Play("ddl", Config("mysql", "pushed", kAllTables));
  EXPECT_THAT(Texts(alarms_), Each(StartsWith("same ")));
  EXPECT_THAT(alarms_, SizeIs(7));
}

}  // namespace
}  // namespace dcp::test
