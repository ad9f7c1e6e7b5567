#include "tests/servers/flavour.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"

namespace dcp::test {
namespace {

std::vector<std::string> MysqlApplier(const Applier& applier) {
  return {absl::StrCat("--replica-parallel-workers=", applier.workers),
          absl::StrCat("--replica-preserve-commit-order=", applier.preserve_commit_order ? 1 : 0)};
}

std::vector<std::string> Mysql56Applier(const Applier& applier) {
  return {absl::StrCat("--slave-parallel-workers=", applier.workers > 1 ? applier.workers : 0)};
}

std::vector<std::string> MariaDbApplier(const Applier& applier) {
  constexpr const char* kModes[] = {"none", "conservative", "optimistic", "aggressive"};
  return {
      absl::StrCat("--slave-parallel-threads=", applier.workers > 1 ? applier.workers : 0),
      absl::StrCat("--slave-parallel-mode=", kModes[static_cast<size_t>(applier.parallel_mode)])};
}

const FlavourWords& Mysql97Words() {
  static const FlavourWords* const words = new FlavourWords{
      .name = "MySQL 9.7",
      .fetch = "mysql",
      .gtid_on = {"--gtid-mode=ON", "--enforce-gtid-consistency=ON"},
      .gtid_off = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"},
      .gtid_domain = nullptr,
      .applier = &MysqlApplier,
      .global_variables =
          "SELECT variable_name, variable_value FROM performance_schema.global_variables "
          "WHERE variable_name NOT LIKE 'gtid\\_%ed' AND variable_name NOT LIKE '%server_uuid' "
          "ORDER BY variable_name",
      .binlog_dumps =
          "SELECT id FROM performance_schema.processlist WHERE command LIKE 'Binlog Dump%'",
      .binlog_position = "SHOW BINARY LOG STATUS",
      .executed_gtids = "SELECT @@GLOBAL.gtid_executed",
      .logged_gtids = "SELECT @@GLOBAL.gtid_executed",
      .new_gtids = "SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, $0)",
      .server_in_gtids = "SELECT @@GLOBAL.server_uuid",
      .reset_binlog = "RESET BINARY LOGS AND GTIDS",
      .channel = " FOR CHANNEL '$0'",
      .channels =
          "SELECT channel_name FROM performance_schema.replication_connection_configuration",
      .change =
          "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=$1, "
          "SOURCE_USER='dcp', SOURCE_PASSWORD='dcp', GET_SOURCE_PUBLIC_KEY=1, "
          "SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=100000, $2$0",
      .by_gtid = "SOURCE_AUTO_POSITION=1",
      .by_position = "SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=4",
      .start = "START REPLICA$0",
      .stop = "STOP REPLICA$0",
      .stop_all = "STOP REPLICA",
      .stop_applier = "STOP REPLICA SQL_THREAD",
      .start_applier = "START REPLICA SQL_THREAD",
      .forget = "RESET REPLICA ALL$0",
      .await_gtids = "SELECT -WAIT_FOR_EXECUTED_GTID_SET($0, 0.2)",
      .await_position = "SELECT SOURCE_POS_WAIT($0, $1, 0.2, $2)",
      // Connection, workers, coordinator. SHOW REPLICA STATUS says nothing of a worker's error.
      .replica_errors =
          "SELECT 'No' AS running, last_error_message AS error "
          "FROM performance_schema.replication_connection_status "
          "WHERE last_error_number <> 0 AND service_state = 'OFF' UNION ALL SELECT 'No', "
          "last_error_message FROM performance_schema.replication_applier_status_by_worker "
          "WHERE last_error_number <> 0 AND service_state = 'OFF' UNION ALL SELECT 'No', "
          "last_error_message FROM performance_schema.replication_applier_status_by_coordinator "
          "WHERE last_error_number <> 0 AND service_state = 'OFF'",
      .replica_threads = {{"running", "error"}},
  };
  return *words;
}

const FlavourWords& Mysql56Words() {
  static const FlavourWords* const words = new FlavourWords{
      .name = "MySQL 5.6",
      .fetch = "mysql56",
      .gtid_on = {"--gtid-mode=ON", "--enforce-gtid-consistency=ON"},
      .gtid_off = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"},
      .gtid_domain = nullptr,
      .applier = &Mysql56Applier,
      .global_variables =
          "SELECT variable_name, variable_value FROM information_schema.global_variables "
          "WHERE variable_name NOT LIKE 'gtid\\_%ed' AND variable_name NOT LIKE '%server_uuid' "
          "ORDER BY variable_name",
      .binlog_dumps =
          "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'",
      .binlog_position = "SHOW MASTER STATUS",
      .executed_gtids = "SELECT @@GLOBAL.gtid_executed",
      .logged_gtids = "SELECT @@GLOBAL.gtid_executed",
      .new_gtids = "SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, $0)",
      .server_in_gtids = "SELECT @@GLOBAL.server_uuid",
      .reset_binlog = "RESET MASTER",
      .channel = nullptr,
      .channels = "SELECT ''",
      .change =
          "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$1, MASTER_USER='dcp', "
          "MASTER_PASSWORD='dcp', MASTER_CONNECT_RETRY=1, $2$0",
      .by_gtid = "MASTER_AUTO_POSITION=1",
      .by_position = "MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4",
      .start = "START SLAVE$0",
      .stop = "STOP SLAVE$0",
      .stop_all = "STOP SLAVE",
      .stop_applier = "STOP SLAVE SQL_THREAD",
      .start_applier = "START SLAVE SQL_THREAD",
      .forget = "RESET SLAVE ALL$0",
      .await_gtids = nullptr,  // gtid_executed has what is in the binlog but not committed yet
      .await_position = "SELECT MASTER_POS_WAIT($0, $1, 1)",
      .replica_errors = "SHOW SLAVE STATUS",
      .replica_threads = {{"Slave_IO_Running", "Last_IO_Error"},
                          {"Slave_SQL_Running", "Last_SQL_Error"}},
  };
  return *words;
}

// Its binlog always has GTIDs; "off" means that nobody looks at them.
const FlavourWords& MariaDbWords() {
  static const FlavourWords* const words = new FlavourWords{
      .name = "MariaDB 10.11",
      .fetch = "mariadb",
      .gtid_on = {},
      .gtid_off = {},
      .gtid_domain = "--gtid-domain-id=$0",
      .applier = &MariaDbApplier,
      .global_variables =
          "SELECT variable_name, variable_value FROM information_schema.global_variables "
          "WHERE variable_name NOT LIKE 'gtid\\_%pos' AND variable_name <> 'gtid_binlog_state' "
          "ORDER BY variable_name",
      .binlog_dumps =
          "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'",
      .binlog_position = "SHOW MASTER STATUS",
      .executed_gtids = "SELECT @@GLOBAL.gtid_binlog_pos",
      .logged_gtids = "SELECT @@GLOBAL.gtid_binlog_state",
      .new_gtids = "SELECT IF(FIND_IN_SET(@@SESSION.last_gtid, $0), '', @@SESSION.last_gtid)",
      .server_in_gtids = "SELECT CONCAT('-', @@GLOBAL.server_id, '-')",
      .reset_binlog = "RESET MASTER; SET GLOBAL gtid_slave_pos = ''",
      .channel = " '$0'",
      .channels = "SHOW ALL SLAVES STATUS",
      .change =
          "CHANGE MASTER$0 TO MASTER_HOST='127.0.0.1', MASTER_PORT=$1, MASTER_USER='dcp', "
          "MASTER_PASSWORD='dcp', MASTER_CONNECT_RETRY=1, $2",
      .by_gtid = "MASTER_USE_GTID=slave_pos",
      .by_position = "MASTER_USE_GTID=no, MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4",
      .start = "START SLAVE$0",
      .stop = "STOP SLAVE$0",
      .stop_all = "STOP ALL SLAVES",
      .stop_applier = "STOP SLAVE SQL_THREAD",
      .start_applier = "START SLAVE SQL_THREAD",
      .forget = "RESET SLAVE$0 ALL",
      .await_gtids = "SELECT MASTER_GTID_WAIT($0, 0.2)",
      .await_position = "SELECT MASTER_POS_WAIT($0, $1, 1, $2)",
      .replica_errors = "SHOW ALL SLAVES STATUS",
      .replica_threads = {{"Slave_IO_Running", "Last_IO_Error"},
                          {"Slave_SQL_Running", "Last_SQL_Error"}},
  };
  return *words;
}

}  // namespace

const FlavourWords& WordsOf(Flavour flavour) {
  switch (flavour) {
    case Flavour::kMysql97:
      return Mysql97Words();
    case Flavour::kMysql56:
      return Mysql56Words();
    case Flavour::kMariaDb:
      return MariaDbWords();
  }
  return Mysql97Words();
}

std::string InChannel(const FlavourWords& words, const std::string& channel) {
  return words.channel == nullptr ? "" : absl::Substitute(words.channel, channel);
}

std::string NameOf(Flavour flavour) {
  switch (flavour) {
    case Flavour::kMysql97:
      return "Mysql97";
    case Flavour::kMysql56:
      return "Mysql56";
    case Flavour::kMariaDb:
      return "MariaDb";
  }
  return "Unknown";
}

std::ostream& operator<<(std::ostream& out, Flavour flavour) { return out << NameOf(flavour); }

}  // namespace dcp::test
