#include "cmd/dcp/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "cmd/dcp/exit_code.h"
#include "config/load.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using config::Align;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPassword[] = "dcp";

struct Account {
  std::string user = "dcp";
  std::string password_env = "RIGHT";
};

std::string Connection(uint16_t port, const Account& account = {}) {
  return absl::StrCat("host = \"127.0.0.1\"\nport = ", port, "\nuser = \"", account.user,
                      "\"\npassword_env = \"", account.password_env, "\"\n");
}

std::string Collector(const std::string& name, uint16_t port, const std::string& tag,
                      uint32_t server_id, const Account& account = {},
                      const std::string& tables = "\"shop.*\"") {
  return absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"", name, "\"\n",
                      Connection(port, account), "server_id = ", server_id, "\ntags = [{ tag = \"",
                      tag, "\", tables = [", tables, "] }]\n");
}

std::string Check(const std::string& more = "") {
  return absl::StrCat("[[check]]\nname = \"orders\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                      more);
}

Inspection InspectText(const std::string& toml) {
  const auto environment = [](absl::string_view name) -> std::optional<std::string> {
    return name == "RIGHT" ? kPassword : "not-the-pass-word";
  };
  const config::Loaded loaded = config::Parse(toml, "dcp.toml", config::Purpose::kRun, environment);
  EXPECT_OK(loaded.status());
  return loaded.ok() ? Inspect(loaded->config) : Inspection();
}

std::string Print(const Inspection& inspection) {
  std::ostringstream out;
  PrintInspection(inspection, out);
  PrintFaults(inspection, out);
  return out.str();
}

class InspectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    ASSERT_OK(pair_.source().Execute("CREATE DATABASE shop"));
    ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.orders (id int primary key, v int)"));
    ASSERT_OK(pair_.WaitForReplica());
  }

  std::string Source(const Account& account = {}, const std::string& tables = "\"shop.*\"") {
    return Collector("source", pair_.source().port(), "src", 4201, account, tables);
  }
  std::string Replica(const Account& account = {}, const std::string& tables = "\"shop.*\"") {
    return Collector("replica", pair_.replica().port(), "dst", 4202, account, tables);
  }
  std::string Barrier(const Account& account = {}) {
    return absl::StrCat("[barrier]\n", Connection(pair_.source().port(), account));
  }

  // A server of the test's own with a table like the source's.
  void StartOther(std::vector<std::string> args, bool gtid = true) {
    ASSERT_OK_AND_ASSIGN(
        other_,
        test::MysqlServer::Start(
            {.name = "other", .server_id = 103, .gtid = gtid, .extra_args = std::move(args)}));
    ASSERT_OK(other_->Execute("SET sql_log_bin = 0; CREATE DATABASE shop"));
    ASSERT_OK(other_->Execute("CREATE TABLE shop.orders (id int primary key, v int)"));
  }
  // Makes it a replica of the source (that does not run).
  void PointOtherAtSource() {
    ASSERT_OK(other_->Execute(absl::StrCat(
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=", pair_.source().port(),
        ", SOURCE_USER='dcp', SOURCE_PASSWORD='dcp'")));
  }
  std::string OtherAsTarget() { return Collector("other", other_->port(), "dst", 4203); }
  std::string OtherAsSource() { return Collector("other", other_->port(), "src", 4203); }

  // On both servers of the pair.
  Account CreateAccount(const std::string& grants) {
    EXPECT_OK(pair_.source().Execute("DROP USER IF EXISTS 'few'@'%'"));
    EXPECT_OK(pair_.source().Execute(
        absl::StrCat("CREATE USER 'few'@'%' IDENTIFIED BY '", kPassword, "'")));
    for (const absl::string_view grant : absl::StrSplit(grants, ';')) {
      EXPECT_OK(pair_.source().Execute(absl::StrCat("GRANT ", grant, " TO 'few'@'%'")));
    }
    EXPECT_OK(pair_.WaitForReplica());
    return {"few", "RIGHT"};
  }

  // Exactly one problem, about `setting`, in a line for people that has all of `words`.
  static void ExpectProblem(const Inspection& inspection, const std::string& setting,
                            const std::vector<std::string>& words) {
    const std::string text = Print(inspection);
    EXPECT_THAT(inspection.problems, ElementsAre(Field(&InspectionProblem::setting, setting)))
        << text;
    const size_t start = text.find("error: ");
    ASSERT_NE(start, std::string::npos) << text;
    const std::string line = text.substr(start);
    for (const std::string& word : words) EXPECT_THAT(line, HasSubstr(word));
    EXPECT_THAT(line, HasSubstr("; fix: "));
    EXPECT_THAT(text, Not(HasSubstr("not-the-pass-word")));
    EXPECT_EQ(inspection.exit_status(), kExitConfig);
  }

  test::ReplicaPair& pair_ = test::SharedServers::Pair();
  std::unique_ptr<test::MysqlServer> other_;
};

TEST_F(InspectTest, ASoundPairHasNoProblems) {
  const Inspection inspection = InspectText(Barrier() + Source() + Replica() + Check());
  const std::string text = Print(inspection);
  EXPECT_THAT(inspection.problems, IsEmpty()) << text;
  EXPECT_THAT(inspection.warnings, IsEmpty()) << text;
  EXPECT_EQ(inspection.exit_status(), kExitOk);

  ASSERT_EQ(inspection.servers.size(), 3u);
  EXPECT_THAT(inspection.servers[0].roles, ElementsAre("source"));
  EXPECT_THAT(inspection.servers[1].roles, ElementsAre("target"));
  EXPECT_THAT(inspection.servers[2].roles, ElementsAre("barrier"));
  EXPECT_EQ(inspection.servers[1].server_id, 102u);
  ASSERT_EQ(inspection.pairs.size(), 1u);
  EXPECT_EQ(inspection.pairs[0].align, Align::kGtid);
  ASSERT_EQ(inspection.tags.size(), 2u);
  EXPECT_THAT(inspection.tags[0].tables,
              ElementsAre(AllOf(Field(&InspectedTable::name, "shop.orders"),
                                Field(&InspectedTable::key, ElementsAre("id")))));
  EXPECT_THAT(text, HasSubstr("gtid_mode is ON on both and the target replicates from the source"));
}

TEST_F(InspectTest, LogReplicaUpdatesOff) {
  StartOther({"--log-replica-updates=OFF"});
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check()), "log_replica_updates",
                {absl::StrCat("target 'other' (dcp@127.0.0.1:", other_->port(), ")"),
                 "log_replica_updates is OFF", "--log-replica-updates"});
}

TEST_F(InspectTest, LogReplicaUpdatesOffOnASourceIsRight) {
  StartOther({"--log-replica-updates=OFF"});
  const Inspection inspection = InspectText(OtherAsSource() + Replica() + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
}

TEST_F(InspectTest, ReplicationFilterHidesTheBarrier) {
  StartOther({"--replicate-ignore-db=drc"});
  PointOtherAtSource();
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check()), "replicate_ignore_db",
                {"drc", "CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = ()"});
}

TEST_F(InspectTest, ReplicationFilterHidesACheckedTable) {
  StartOther({"--replicate-wild-ignore-table=shop.ord%"});
  PointOtherAtSource();
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check()), "replicate_wild_ignore_table",
                {"shop"});
}

TEST_F(InspectTest, BinlogFilterHidesTheBarrier) {
  StartOther({"--binlog-ignore-db=drc"});
  ExpectProblem(InspectText(OtherAsSource() + Replica() + Check()), "binlog_ignore_db",
                {"source 'other'", "drc", "start the server without --binlog-ignore-db"});
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check()), "binlog_ignore_db",
                {"target 'other'", "drc"});
}

TEST_F(InspectTest, BinlogFormatStatement) {
  StartOther({"--binlog-format=STATEMENT"});
  ExpectProblem(InspectText(OtherAsSource() + Replica() + Check()), "binlog_format",
                {"is STATEMENT", "SET PERSIST binlog_format = 'ROW'"});
}

TEST_F(InspectTest, RowImageMinimal) {
  StartOther({"--binlog-row-image=MINIMAL"});
  ExpectProblem(InspectText(OtherAsSource() + Replica() + Check()), "binlog_row_image",
                {"is MINIMAL", "SET PERSIST binlog_row_image = 'FULL'"});
}

TEST_F(InspectTest, NoBinlog) {
  StartOther({"--skip-log-bin"});
  ExpectProblem(InspectText(OtherAsSource() + Replica() + Check()), "log_bin",
                {"is OFF", "--log-bin"});
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check()), "log_bin", {"is OFF"});
}

TEST_F(InspectTest, NoSelectPrivilege) {
  const Account few = CreateAccount("REPLICATION SLAVE, REPLICATION CLIENT ON *.*;SELECT ON drc.*");
  ExpectProblem(InspectText(Source() + Replica(few) + Check()), "SELECT",
                {"target 'replica' (few@", "`shop`.*", "GRANT SELECT ON `shop`.* TO `few`@`%`"});
}

TEST_F(InspectTest, NoReplicationPrivilege) {
  const Account few = CreateAccount("REPLICATION CLIENT, SELECT ON *.*");
  ExpectProblem(InspectText(Source(few) + Replica() + Check()), "REPLICATION SLAVE",
                {"GRANT REPLICATION SLAVE ON *.* TO `few`@`%`"});
}

TEST_F(InspectTest, NoReplicationClientPrivilege) {
  const Account few = CreateAccount("REPLICATION SLAVE, SELECT ON *.*");
  ExpectProblem(InspectText(Source() + Replica(few) + Check()), "REPLICATION CLIENT",
                {"GRANT REPLICATION CLIENT ON *.* TO `few`@`%`"});
}

TEST_F(InspectTest, NoPrivilegeToWriteTheBarrier) {
  const Account few = CreateAccount("SELECT ON *.*");
  ExpectProblem(InspectText(Barrier(few) + Source() + Replica() + Check()),
                "CREATE, INSERT, UPDATE",
                {"barrier (few@", "GRANT CREATE, INSERT, UPDATE ON `drc`.* TO `few`@`%`"});
}

TEST_F(InspectTest, AWrittenBarrierNeedsNoCreate) {
  ASSERT_OK(pair_.source().Execute("CREATE DATABASE drc"));
  ASSERT_OK(
      pair_.source().Execute("CREATE TABLE drc.barrier (id int unsigned primary key, "
                             "`offset` bigint unsigned)"));
  ASSERT_OK(pair_.source().Execute("INSERT INTO drc.barrier VALUES (1, 1)"));
  const Account few = CreateAccount("SELECT, UPDATE ON drc.*");
  const Inspection inspection = InspectText(Barrier(few) + Source() + Replica() + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
}

TEST_F(InspectTest, NoPrivilegeToTakeTurns) {
  const Account few = CreateAccount("SELECT, INSERT, UPDATE ON *.*");
  const std::string ha = "[ha]\nname = \"a\"\n";
  ExpectProblem(InspectText(ha + Barrier(few) + Source() + Replica() + Check()), "CREATE, DELETE",
                {"barrier (few@", "GRANT CREATE, DELETE ON `drc`.* TO `few`@`%`"});
  const Inspection alone = InspectText(Barrier(few) + Source() + Replica() + Check());
  EXPECT_THAT(alone.problems.size(), 1u) << Print(alone);
}

TEST_F(InspectTest, WrongPassword) {
  ExpectProblem(InspectText(Source() + Replica({"dcp", "WRONG"}) + Check()), "password",
                {absl::StrCat("target 'replica' (dcp@127.0.0.1:", pair_.replica().port(), ")"),
                 "Access denied for user 'dcp'",
                 "correct user and password_env or password_file in [[collector]] 'replica'"});
}

TEST_F(InspectTest, UnreachableServer) {
  StartOther({});
  const uint16_t port = other_->port();
  ASSERT_OK(other_->Stop());
  ExpectProblem(InspectText(Source() + Collector("gone", port, "dst", 4203) + Check()), "host",
                {absl::StrCat("target 'gone' (dcp@127.0.0.1:", port, ")"),
                 "correct host and port in [[collector]] 'gone'"});
}

TEST_F(InspectTest, ADeadServerIsOneProblemOfItsCollectorAndTheBarrier) {
  StartOther({});
  const std::string toml =
      absl::StrCat("[barrier]\n", Connection(other_->port()), OtherAsSource(), Replica(), Check());
  ASSERT_OK(other_->Stop());
  ExpectProblem(InspectText(toml), "host", {"source 'other'"});
}

TEST_F(InspectTest, ServerIdOfTheServerItself) {
  ExpectProblem(
      InspectText(Collector("source", pair_.source().port(), "src", 101) + Replica() + Check()),
      "server_id", {"source 'source'", "server_id = 101 of the collector is the server's own"});
}

TEST_F(InspectTest, TwoCollectorsWithOneServerId) {
  // By another address, which the configuration alone cannot know for the same.
  const std::string second =
      absl::StrReplaceAll(Collector("second", pair_.source().port(), "more", 4201),
                          {{absl::StrCat("host = \"127.0.0.1\"\nport = ", pair_.source().port()),
                            absl::StrCat("socket = \"", pair_.source().socket(), "\"")}});
  ExpectProblem(InspectText(Source() + second + Replica() + Check()), "server_id",
                {"'second'", "server_id = 4201 is also that of collector 'source'"});
}

TEST_F(InspectTest, OneServerOnBothSides) {
  const std::string second = Collector("second", pair_.source().port(), "dst", 4202);
  ExpectProblem(InspectText(Source() + second + Check()), "host",
                {"are one server", "shop.orders is compared with itself"});
}

TEST_F(InspectTest, OneServerMayHoldBothTables) {
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.copy LIKE shop.orders"));
  const std::string second = Collector("second", pair_.source().port(), "dst", 4202, {},
                                       R"({ match = "shop.copy", as = "shop.orders" })");
  const Inspection inspection = InspectText(Source({}, "\"shop.orders\"") + second + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_EQ(inspection.pairs.at(0).align, Align::kBarrier);
  EXPECT_EQ(inspection.pairs.at(0).reason, "both tags are of one server");
}

TEST_F(InspectTest, GtidAlignmentThatDoesNotHold) {
  StartOther({}, /*gtid=*/false);
  ExpectProblem(InspectText(Source() + OtherAsTarget() + Check("align = \"gtid\"\n")), "align",
                {"check 'orders'", "gtid_mode of the target is OFF", "align = \"auto\""});
}

TEST_F(InspectTest, WithoutGtidsBarriersAlign) {
  StartOther({}, /*gtid=*/false);
  const Inspection inspection = InspectText(Source() + OtherAsTarget() + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  ASSERT_EQ(inspection.pairs.size(), 1u);
  EXPECT_EQ(inspection.pairs[0].align, Align::kBarrier);
  EXPECT_EQ(inspection.pairs[0].reason, "gtid_mode of the target is OFF");
}

TEST_F(InspectTest, AReplicaAsSourceOfItsOwnSourceIsRefused) {
  const std::string toml = Collector("source", pair_.replica().port(), "src", 4201) +
                           Collector("target", pair_.source().port(), "dst", 4202) + Check();
  ExpectProblem(InspectText(toml), "origin", {"replicates from the target 'target'"});
}

TEST_F(InspectTest, TablesThatMatchNothingAndTablesWithoutKeysAreWarnings) {
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.log (v int)"));
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.uni (a int not null, unique (a), b int)"));
  ASSERT_OK(pair_.WaitForReplica());
  ASSERT_OK(pair_.replica().Execute("DROP TABLE shop.uni"));
  const Inspection inspection =
      InspectText(Source({}, "\"shop.*\", \"mall.carts\"") + Replica() + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_THAT(
      inspection.warnings,
      AllOf(Contains(HasSubstr("no table matches \"mall.carts\" of tag 'src'")),
            Contains(AllOf(HasSubstr("source 'source'"), HasSubstr("shop.log has neither"))),
            Contains(AllOf(HasSubstr("target 'replica'"),
                           HasSubstr("tag 'dst' lacks shop.uni, which tag 'src' has")))));
  EXPECT_THAT(inspection.tags.at(0).tables,
              Contains(AllOf(Field(&InspectedTable::name, "shop.uni"),
                             Field(&InspectedTable::key, ElementsAre("a")))));
  EXPECT_EQ(inspection.exit_status(), kExitOk);
}

TEST_F(InspectTest, AServerIdOfAReplicaIsRefused) {
  ExpectProblem(
      InspectText(Collector("source", pair_.source().port(), "src", 102) + Replica() + Check()),
      "server_id", {"source 'source'", "server_id = 102 of the collector is that of its replica"});
}

TEST_F(InspectTest, EnginesThatHoldOrOrderRowsOtherwiseAreNamed) {
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.loose (id int primary key) ENGINE=MyISAM"));
  ASSERT_OK(pair_.source().Execute("CREATE TABLE shop.scratch (id int primary key) ENGINE=MEMORY"));
  ASSERT_OK(pair_.WaitForReplica());
  ASSERT_OK(
      pair_.replica().Execute("SET sql_log_bin = 0; ALTER TABLE shop.orders ENGINE=BLACKHOLE"));
  const Inspection inspection = InspectText(Source() + Replica() + Check("align = \"barrier\"\n"));
  ExpectProblem(inspection, "engine",
                {"target 'replica'", "shop.orders is of ENGINE = BLACKHOLE",
                 "ALTER TABLE shop.orders ENGINE = InnoDB"});
  EXPECT_THAT(inspection.warnings,
              AllOf(Contains(AllOf(HasSubstr("target 'replica'"), HasSubstr("ENGINE = MEMORY"))),
                    Contains(HasSubstr("shop.loose, shop.orders, shop.scratch are not "
                                       "transactional"))));
  const Inspection by_gtid = InspectText(Source() + Replica() + Check());
  EXPECT_THAT(by_gtid.warnings, Not(Contains(HasSubstr("transactional"))));
}

TEST_F(InspectTest, NoCommitOrderIsNamedWhereBarriersAlign) {
  ASSERT_OK(pair_.replica().Execute(
      "STOP REPLICA; SET GLOBAL replica_preserve_commit_order = OFF; START REPLICA"));
  EXPECT_THAT(InspectText(Source() + Replica() + Check("align = \"barrier\"\n")).warnings,
              ElementsAre(AllOf(HasSubstr("target 'replica'"),
                                HasSubstr("replica_preserve_commit_order is OFF"),
                                HasSubstr("SET GLOBAL replica_preserve_commit_order = ON"))));
  EXPECT_THAT(InspectText(Source() + Replica() + Check()).warnings, IsEmpty());
}

TEST_F(InspectTest, ColumnsWhoseValuesBecomeOthersAreNamed) {
  ASSERT_OK(pair_.source().Execute(
      "CREATE TABLE shop.odd (id int primary key, n int unsigned, "
      "e enum('a','b'), l varchar(9) charset utf8mb4, c varchar(9) charset latin1)"));
  ASSERT_OK(pair_.WaitForReplica());
  ASSERT_OK(
      pair_.replica().Execute("SET sql_log_bin = 0; ALTER TABLE shop.odd MODIFY n bigint unsigned, "
                              "MODIFY e enum('b','a'), MODIFY l varchar(9) charset latin1, "
                              "MODIFY c char(9) charset latin1"));
  const Inspection inspection = InspectText(Source() + Replica() + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_THAT(
      inspection.warnings,
      ElementsAre(HasSubstr("shop.odd.n is bigint unsigned and on the source int unsigned"),
                  HasSubstr("shop.odd.e is enum('b','a')"), HasSubstr("shop.odd.l is varchar(9)"),
                  HasSubstr("shop.odd.c is char(9)")));
}

TEST_F(InspectTest, CascadesOfMySqlAreNamedWhereInnodbDoesThem) {
  StartOther({"--innodb-native-foreign-keys=ON"});
  for (test::MysqlServer* server : {&pair_.source(), other_.get()}) {
    ASSERT_OK(server->Execute(
        "CREATE TABLE shop.items (id int primary key, o int, FOREIGN KEY (o) REFERENCES "
        "shop.orders (id) ON DELETE CASCADE, note varchar(99) COMMENT 'ON DELETE CASCADE')"));
    ASSERT_OK(
        server->Execute("CREATE TABLE shop.refs (id int primary key, o int COMMENT "
                        "'CONSTRAINT FOREIGN KEY () ON UPDATE CASCADE', FOREIGN KEY (o) "
                        "REFERENCES shop.orders (id) ON DELETE RESTRICT)"));
  }
  const Inspection inspection = InspectText(Source() + OtherAsTarget() + Check());
  EXPECT_THAT(inspection.warnings,
              ElementsAre(AllOf(HasSubstr("target 'other'"),
                                HasSubstr("foreign keys of shop.items cascade"),
                                HasSubstr("--innodb-native-foreign-keys=OFF"))));
}

// MariaDB's own: with the rights of an account that may read the tables and no more.
TEST_F(InspectTest, MariaDbsCascadesAndTriggersAreNamed) {
  ASSERT_OK_AND_ASSIGN(test::ReplicaPair* const pair,
                       test::SharedServers::Fresh(test::PairOf(test::Flavour::kMariaDb)));
  ASSERT_OK(pair->source().Execute("CREATE DATABASE shop"));
  ASSERT_OK(pair->source().Execute("CREATE TABLE shop.orders (id int primary key, v int)"));
  ASSERT_OK(pair->source().Execute(
      "CREATE TABLE shop.items (id int primary key, o int, FOREIGN KEY (o) REFERENCES "
      "shop.orders (id) ON DELETE SET NULL)"));
  ASSERT_OK(pair->WaitForReplica());
  ASSERT_OK(pair->replica().Execute(
      "STOP SLAVE; SET GLOBAL slave_run_triggers_for_rbr = YES; START SLAVE"));
  const Inspection inspection =
      InspectText(Collector("source", pair->source().port(), "src", 4201) +
                  Collector("replica", pair->replica().port(), "dst", 4202) + Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_THAT(
      inspection.warnings,
      ElementsAre(AllOf(HasSubstr("source 'source'"), HasSubstr("foreign keys of shop.items")),
                  AllOf(HasSubstr("target 'replica'"), HasSubstr("foreign keys of shop.items")),
                  AllOf(HasSubstr("target 'replica'"), HasSubstr("slave_run_triggers_for_rbr"))));
  // The replica's server_id is taken on its source, which does not tell its replicas.
  ExpectProblem(InspectText(Collector("source", pair->source().port(), "src", 102) +
                            Collector("replica", pair->replica().port(), "dst", 4202) + Check()),
                "server_id", {"source 'source'", "that of its replica"});
}

TEST_F(InspectTest, WhatTheMachineLacksIsNamed) {
  const std::string pushed =
      "[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"$0\"\ntags = "
      "[\"dst\"]\ninsecure = true\n";
  ExpectProblem(InspectText(Source() + absl::Substitute(pushed, "192.0.2.1:9090") + Check()),
                "listen", {"[[collector]] 'pushed'", "192.0.2.1:9090", "correct listen"});
  ExpectProblem(
      InspectText("[state]\ndir = \"/proc/dcp-state\"\n" + Source() + Replica() + Check()), "dir",
      {"[state]", "/proc/dcp-state", "correct dir"});
  const Inspection taken = InspectText(
      Source() + absl::Substitute(pushed, absl::StrCat("127.0.0.1:", pair_.source().port())) +
      Check());
  EXPECT_THAT(taken.problems, IsEmpty());
  EXPECT_THAT(taken.warnings,
              ElementsAre(AllOf(HasSubstr("[[collector]] 'pushed'"), HasSubstr("is in use"))));
}

TEST_F(InspectTest, PushedTagsAreAlignedByBarriers) {
  const Inspection inspection =
      InspectText(Source() +
                  "[[collector]]\ntype = \"grpc\"\nname = \"pushed\"\nlisten = \"127.0.0.1:0\"\n"
                  "tags = [\"dst\"]\n" +
                  Check());
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_EQ(inspection.pairs.at(0).align, Align::kBarrier);
  EXPECT_EQ(inspection.pairs.at(0).reason, "tag 'dst' is pushed");
}

TEST_F(InspectTest, ABarrierOnAnotherServerIsAWarning) {
  StartOther({});
  const Inspection inspection = InspectText(
      absl::StrCat("[barrier]\n", Connection(other_->port()), Source(), Replica(), Check()));
  EXPECT_THAT(inspection.problems, IsEmpty()) << Print(inspection);
  EXPECT_THAT(inspection.warnings, ElementsAre(HasSubstr("not the server of any check's source")));
}

}  // namespace
}  // namespace dcp::cmd
