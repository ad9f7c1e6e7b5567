// The least privileges that docs/security.md names, each feature by an account that has exactly
// these, on each kind of server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/said.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

class GrantsTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam())));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, GetParam()));
    ASSERT_OK(pair_->WaitForReplica());
  }

  // An account of one server with these privileges and no others.
  void Create(MysqlServer& server, const std::string& name,
              const std::vector<std::string>& grants) {
    const std::string account = absl::StrCat("'", name, "'@'%'");
    server.Execute(absl::StrCat("SET sql_log_bin = 0; DROP USER ", account)).IgnoreError();
    ASSERT_OK(
        server.Execute("SET sql_log_bin = 0; CREATE USER " + account + " IDENTIFIED BY 'dcp'"));
    for (const std::string& grant : grants) {
      ASSERT_OK(
          server.Execute(absl::StrCat("SET sql_log_bin = 0; GRANT ", grant, " TO ", account)));
    }
    ASSERT_OK(server.Execute("SET sql_log_bin = 1"));
  }
  // To read a binlog, the position in it and the settings.
  static std::string ToReplicate() {
    return GetParam() == Flavour::kMariaDb
               ? "REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.*"
               : "REPLICATION SLAVE, REPLICATION CLIENT ON *.*";
  }
  static std::string As(const std::string& name, const std::string& toml) {
    return absl::StrReplaceAll(toml, {{"user = \"dcp\"", absl::StrCat("user = \"", name, "\"")}});
  }
  std::string Inline(const MysqlServer& server, const std::string& name) const {
    return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(), ", user = \"", name,
                        "\", password_file = \"", dir_ / "password", "\" }\n");
  }
  ProgramResult RunJob(const std::string& command, const std::string& target,
                       const std::string& sync, const std::vector<std::string>& flags) {
    WriteFile(dir_ / "password", "dcp");
    WriteFile(dir_ / "dcp.toml", absl::StrCat("[[job]]\nname = \"nightly\"\nsource = ",
                                              Inline(pair_->source(), "reads"),
                                              "target = ", Inline(pair_->replica(), target),
                                              "tables = [\"shop.*\"]\nsync = \"", sync, "\"\n"));
    std::vector<std::string> args = {command, "--config", dir_ / "dcp.toml", "--job", "nightly"};
    args.insert(args.end(), flags.begin(), flags.end());
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }

  const TestDir dir_{"dcp-grants"};
  ReplicaPair* pair_ = nullptr;
};

TEST_P(GrantsTest, ACheckIsRun) {
  const std::vector<std::string> streams = {ToReplicate(), "SELECT ON shop.*", "SELECT ON drc.*"};
  Create(pair_->source(), "streams", streams);
  Create(pair_->replica(), "streams", streams);
  Create(pair_->source(), "writes", {"CREATE, SELECT, INSERT, UPDATE ON drc.*"});
  ASSERT_OK_AND_ASSIGN(
      const auto dcp,
      DcpProcess::Start(absl::StrCat(
          As("writes", BarrierToml(pair_->source())),
          As("streams", CollectorToml("source", 4501, pair_->source(), {{.tag = "src"}})),
          As("streams", CollectorToml("replica", 4502, pair_->replica(), {{.tag = "dst"}})),
          CheckToml("orders", "src", "dst"))));
  ASSERT_OK(dcp->Await(OfType("same")));
  // Said only after both rows were read.
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  EXPECT_OK(dcp->Await(DiffOf("extra", "shop.orders", "[1]"))) << dcp->log();
}

TEST_P(GrantsTest, TablesAreVerifiedAndRepaired) {
  Create(pair_->source(), "reads", {"SELECT ON shop.*"});
  Create(pair_->replica(), "reads", {"SELECT ON shop.*"});
  Create(pair_->replica(), "repairs", {"SELECT, INSERT, UPDATE, DELETE ON shop.*"});
  ASSERT_OK(pair_->source().Execute("INSERT INTO shop.orders VALUES (1, 1), (2, 2)"));
  ASSERT_OK(pair_->WaitForReplica());
  ASSERT_OK(pair_->replica().Execute(
      "UPDATE shop.orders SET v = 9 WHERE id = 1; DELETE FROM shop.orders WHERE id = 2; INSERT "
      "INTO shop.orders VALUES (3, 3)"));
  const ProgramResult found = RunJob("verify", "reads", "none", {});
  EXPECT_EQ(found.exit_code, 2) << found.output;
  const ProgramResult refused =
      RunJob("repair", "reads", "none", {"--execute", "--undo", dir_ / "undo-none"});
  EXPECT_NE(refused.exit_code, 0) << refused.output;
  const ProgramResult repaired =
      RunJob("repair", "repairs", "none", {"--execute", "--undo", dir_ / "undo"});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  const ProgramResult equal = RunJob("verify", "reads", "none", {});
  EXPECT_EQ(equal.exit_code, 0) << equal.output;
}

INSTANTIATE_TEST_SUITE_P(Servers, GrantsTest, ::testing::ValuesIn(kAllFlavours));

}  // namespace
}  // namespace dcp::test
