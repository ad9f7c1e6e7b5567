#include "mysql/server_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dcp::mysql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ServerSettings Good() {
  ServerSettings settings;
  settings.server = "dcp@db:3306";
  settings.version = "9.7.0";
  settings.log_bin = true;
  settings.binlog_format = "ROW";
  settings.binlog_row_image = "FULL";
  settings.log_replica_updates = true;
  settings.grants = {"GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `dcp`@`%`"};
  return settings;
}

std::vector<std::string> Names(const std::vector<SettingProblem>& problems) {
  std::vector<std::string> names;
  for (const SettingProblem& problem : problems) {
    EXPECT_THAT(problem.message, HasSubstr("dcp@db:3306: " + problem.setting));
    EXPECT_FALSE(problem.cure_sql.empty());
    names.push_back(problem.setting);
  }
  return names;
}

std::vector<std::string> Source(const ServerSettings& settings) {
  return Names(CheckAsSource(settings, {"shop"}));
}
std::vector<std::string> Target(const ServerSettings& settings) {
  return Names(CheckAsTarget(settings, {"shop"}));
}

TEST(ServerSettingsTest, AGoodServerHasNoProblems) {
  EXPECT_THAT(Source(Good()), IsEmpty());
  EXPECT_THAT(Target(Good()), IsEmpty());
}

TEST(ServerSettingsTest, EachSettingIsNamed) {
  ServerSettings settings = Good();
  settings.log_bin = false;
  EXPECT_THAT(Source(settings), ElementsAre("log_bin"));
  settings = Good();
  settings.binlog_format = "MIXED";
  EXPECT_THAT(Source(settings), ElementsAre("binlog_format"));
  EXPECT_EQ(CheckAsSource(settings)[0].cure_sql, "SET PERSIST binlog_format = 'ROW'");
  settings.version = "5.7.44";
  EXPECT_EQ(CheckAsSource(settings)[0].cure_sql, "SET GLOBAL binlog_format = 'ROW'");
  settings = Good();
  settings.binlog_row_value_options = "PARTIAL_JSON";
  EXPECT_THAT(Target(settings), IsEmpty());
  settings.binlog_row_image = "MINIMAL";
  EXPECT_THAT(Target(settings), ElementsAre("binlog_row_value_options"));
}

TEST(ServerSettingsTest, RowImageMattersOnTheSourceReplicaUpdatesOnTheTarget) {
  ServerSettings settings = Good();
  settings.binlog_row_image = "MINIMAL";
  EXPECT_THAT(Source(settings), ElementsAre("binlog_row_image"));
  EXPECT_THAT(Target(settings), IsEmpty());
  settings = Good();
  settings.log_replica_updates = false;
  EXPECT_THAT(Source(settings), IsEmpty());
  EXPECT_THAT(Target(settings), ElementsAre("log_replica_updates"));
}

TEST(ServerSettingsTest, DatabaseListsMustKeepBarrierAndCheckedDatabases) {
  ServerSettings settings = Good();
  settings.binlog_do_db = {"shop"};
  EXPECT_THAT(Source(settings), ElementsAre("binlog_do_db"));
  EXPECT_THAT(CheckAsSource(settings, {"shop"})[0].message, HasSubstr("drc"));
  settings.binlog_do_db = {"shop", "drc"};
  EXPECT_THAT(Source(settings), IsEmpty());
  settings.binlog_ignore_db = {"shop"};
  EXPECT_THAT(Source(settings), ElementsAre("binlog_ignore_db"));
  settings.binlog_ignore_db = {"other"};
  EXPECT_THAT(Source(settings), IsEmpty());
}

struct FilterCase {
  const char* kind;
  std::vector<std::string> names;
  bool hides;
};

TEST(ServerSettingsTest, ReplicationFiltersThatHideSomethingAreNamed) {
  for (const FilterCase& c :
       std::vector<FilterCase>{{"Do_DB", {"shop"}, true},
                               {"Do_DB", {"shop", "drc"}, false},
                               {"Ignore_DB", {"drc"}, true},
                               {"Ignore_DB", {"other"}, false},
                               {"Do_Table", {"shop.orders"}, true},
                               {"Do_Table", {"shop.orders", "drc.barrier"}, false},
                               {"Ignore_Table", {"drc.other"}, false},
                               {"Ignore_Table", {"drc.barrier"}, true},
                               {"Ignore_Table", {"shop.log"}, true},
                               {"Wild_Do_Table", {"%.%"}, false},
                               {"Wild_Do_Table", {"shop.%"}, true},
                               {"Wild_Ignore_Table", {"sh_p.%"}, true},
                               {"Wild_Ignore_Table", {"d\\_c.%"}, false}}) {
    ServerSettings settings = Good();
    settings.filters = {{"ch", c.kind, c.names}};
    EXPECT_EQ(!Target(settings).empty(), c.hides) << c.kind << " " << c.names[0];
    EXPECT_THAT(Source(settings), IsEmpty());
  }
}

TEST(ServerSettingsTest, ARewrittenBarrierIsHiddenOtherDatabasesAreNot) {
  ServerSettings settings = Good();
  settings.filters = {{"", "Rewrite_DB", {"(shop", "mall)"}}};
  EXPECT_THAT(Target(settings), IsEmpty());
  settings.filters = {{"east", "Rewrite_DB", {"(drc", "east_drc)"}}};
  EXPECT_THAT(Target(settings), ElementsAre("replicate_rewrite_db"));
  EXPECT_EQ(CheckAsTarget(settings, {"shop"})[0].cure_sql,
            "CHANGE REPLICATION FILTER REPLICATE_REWRITE_DB = () FOR CHANNEL 'east'");
}

TEST(ServerSettingsTest, MissingPrivilegesHaveTheirGrant) {
  ServerSettings settings = Good();
  settings.grants = {"GRANT USAGE ON *.* TO `dcp`@`10.%`",
                     "GRANT SELECT ON `other`.* TO `dcp`@`10.%`"};
  EXPECT_THAT(Source(settings), ElementsAre("REPLICATION SLAVE", "REPLICATION CLIENT", "SELECT"));
  EXPECT_EQ(CheckAsSource(settings, {"shop"})[2].cure_sql,
            "GRANT SELECT ON `shop`.* TO `dcp`@`10.%`");
}

TEST(ServerSettingsTest, MariaDbsPrivilegesHaveTheirOwnNames) {
  ServerSettings settings = Good();
  settings.version = "10.11.19-MariaDB";
  settings.mariadb = true;
  EXPECT_THAT(Source(settings), IsEmpty());  // REPLICATION CLIENT, as before 10.5
  settings.grants = {
      "GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO `dcp`@`%`"};
  EXPECT_THAT(Source(settings), IsEmpty());
  settings.grants = {"GRANT SELECT, REPLICATION SLAVE ON *.* TO `dcp`@`%`"};
  EXPECT_THAT(Source(settings), ElementsAre("BINLOG MONITOR", "SLAVE MONITOR"));
  EXPECT_EQ(CheckAsSource(settings)[0].cure_sql, "GRANT BINLOG MONITOR ON *.* TO `dcp`@`%`");
}

TEST(ServerSettingsTest, CuresAreInTheFlavoursOwnWords) {
  ServerSettings settings = Good();
  settings.log_replica_updates = false;
  settings.filters = {{"", "Ignore_DB", {"shop"}}};
  settings.version = "10.11.19-MariaDB";
  settings.mariadb = true;
  const auto mariadb = CheckAsTarget(settings, {"shop"});
  ASSERT_EQ(mariadb.size(), 2u);
  EXPECT_EQ(mariadb[0].cure_sql, "start the server with --log-slave-updates");
  EXPECT_EQ(mariadb[1].cure_sql, "STOP SLAVE; SET GLOBAL replicate_ignore_db = ''; START SLAVE");
  settings.version = "5.6.24-log";
  settings.mariadb = false;
  const auto old = CheckAsTarget(settings, {"shop"});
  ASSERT_EQ(old.size(), 2u);
  EXPECT_EQ(old[0].setting, "log_slave_updates");
  EXPECT_EQ(old[1].cure_sql, "start the server without --replicate-ignore-db");
}

TEST(ServerSettingsTest, GrantsAreReadAsTheServerWritesThem) {
  EXPECT_TRUE(HasPrivilege({"GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION"}, "SELECT"));
  EXPECT_TRUE(
      HasPrivilege({"GRANT SELECT (`id`), INSERT ON `shop`.`t` TO `a`@`%`"}, "SELECT", "shop"));
  EXPECT_TRUE(HasPrivilege({"GRANT SELECT ON `sh%`.* TO `a`@`%`"}, "SELECT", "shop"));
  EXPECT_TRUE(HasPrivilege({"GRANT SELECT ON `s``x`.* TO `a`@`%`"}, "SELECT", "s`x"));
  EXPECT_FALSE(HasPrivilege({"GRANT SELECT ON `shop\\_1`.* TO `a`@`%`"}, "SELECT", "shopx1"));
  EXPECT_FALSE(HasPrivilege({"GRANT SELECT ON `shop`.* TO `a`@`%`"}, "SELECT"));
  EXPECT_FALSE(HasPrivilege({"GRANT `role`@`%` TO `a`@`%`"}, "SELECT"));
  EXPECT_FALSE(
      HasPrivilege({"GRANT REPLICATION SLAVE ADMIN ON *.* TO `a`@`%`"}, "REPLICATION SLAVE"));
}

}  // namespace
}  // namespace dcp::mysql
