// ServerSettings: what of a server's setup decides whether it can be checked,
// and, in pure functions, what is wrong with it and how to mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/position.h"
#include "mysql/connection.h"

namespace dcp::mysql {

// A server that this one replicates from.
struct ReplicaChannel {
  std::string name;
  std::string source_uuid;        // empty: MariaDB
  uint32_t source_server_id = 0;  // 0: not told (the channel has not connected yet)
  bool uses_gtid = true;  // MariaDB's Using_Gtid: Slave_Pos or Current_Pos; MySQL: auto position
  std::string source_host;
  uint16_t source_port = 0;
};

// How the names begin that dcp's own streams register by (ReportedHost in
// mysql/replication_connection.h).
inline constexpr char kReportedHostPrefix[] = "dcp-";

// A client that has registered at this server as its replica.
struct RegisteredReplica {
  uint32_t server_id = 0;
  std::string host;  // what it says of itself; of a dcp it begins with kReportedHostPrefix
  uint16_t port = 0;
};

// One rule of one channel: kind "Do_DB", "Ignore_DB", "Do_Table", "Ignore_Table",
// "Wild_Do_Table", "Wild_Ignore_Table", "Rewrite_DB"; its list of names (of the last: pairs).
struct ReplicationFilter {
  std::string channel;
  std::string kind;
  std::vector<std::string> names;
};

struct ServerSettings {
  std::string server;  // "user@host:port"
  std::string version;
  bool mariadb = false;
  std::string server_uuid;  // empty: MariaDB
  std::string server_uid;   // MariaDB's (10.5.26, 10.11.9 … and later): of machine and port
  uint32_t server_id = 0;
  bool log_bin = false;
  std::string binlog_format;             // upper case
  std::string binlog_row_image;          // upper case; empty: before it existed, FULL
  std::string binlog_row_metadata;       // upper case; empty: not known to the server
  std::string binlog_row_value_options;  // upper case
  std::string gtid_mode;                 // upper case; empty: not known to the server
  std::string gtid_executed;
  // MariaDB's.
  std::string gtid_binlog_state;  // the last GTID of each domain and server in the binlog
  std::string gtid_slave_pos;     // the last GTID of each domain that was replicated
  uint32_t gtid_domain_id = 0;    // of what is written here
  bool gtid_strict_mode = false;
  uint32_t domain_parallel_threads = 0;  // 0: no limit of its own
  bool log_replica_updates = false;
  std::vector<std::string> binlog_do_db;
  std::vector<std::string> binlog_ignore_db;
  std::vector<ReplicationFilter> filters;
  uint32_t parallel_workers = 0;
  bool preserve_commit_order = false;
  std::string parallel_type;   // upper case; "LOGICAL_CLOCK", "DATABASE", MariaDB's modes
  bool multi_primary = false;  // an online member of a group with several primaries
  std::vector<ReplicaChannel> channels;
  // Where the account may ask; never on MariaDB (REPLICATION MASTER ADMIN).
  std::vector<RegisteredReplica> replicas;
  // Foreign keys cascade below the SQL layer: the binlog has no rows of it. MariaDB, MySQL before
  // 9.6, and later ones that are told so.
  bool native_foreign_keys = true;
  bool has_sql_foreign_keys = false;  // it could do that in the SQL layer
  std::string run_triggers_for_rows;  // MariaDB's slave_run_triggers_for_rbr; empty: NO
  std::string type_conversions;       // upper case; of what the applier takes
  std::vector<std::string> grants;    // lines of SHOW GRANTS
  model::BinlogPosition position;     // the binlog's end now; empty: not told
  std::string oldest_binlog;
  int64_t expire_seconds = 0;  // 0: never, or not told
  // What could not be read for lack of a privilege, as the server says it.
  std::vector<std::string> unread;
};

// Tolerates what a version does not know and what the account may not see.
// Errors: the connection's.
absl::StatusOr<ServerSettings> ReadServerSettings(Connection& connection);

struct SettingProblem {
  std::string setting;   // "binlog_format"
  std::string message;   // what it is and what follows from it
  std::string cure_sql;  // the statement, or start option, that mends it
};

// What keeps the server from being the source, or the target, of a check of
// tables in `databases`. Empty: nothing.
std::vector<SettingProblem> CheckAsSource(const ServerSettings& settings,
                                          const std::vector<std::string>& databases = {});
std::vector<SettingProblem> CheckAsTarget(const ServerSettings& settings,
                                          const std::vector<std::string>& databases);

// True if both are of one server, as far as they tell who they are. (MariaDB has no uuid: its
// server_uid counts, or without that, the address.)
bool SameServer(const ServerSettings& a, const ServerSettings& b);

// True if one of `grants` gives `privilege` ("REPLICATION SLAVE") everywhere or,
// when `database` is not empty, on that database or a table in it.
bool HasPrivilege(const std::vector<std::string>& grants, absl::string_view privilege,
                  absl::string_view database = "");

}  // namespace dcp::mysql
