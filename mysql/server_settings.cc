#include "mysql/server_settings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace dcp::mysql {
namespace {

using Variables = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

constexpr char kBarrierDatabase[] = "drc";
constexpr char kBarrierTable[] = "drc.barrier";
constexpr int64_t kSecondsPerDay = 86400;

// The first of `names` that the server knows; "" if it knows none.
std::string Get(const Variables& variables, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = variables.find(name);
    if (found != variables.end()) return found->second;
  }
  return "";
}

std::string GetUpper(const Variables& variables, std::initializer_list<const char*> names) {
  return absl::AsciiStrToUpper(Get(variables, names));
}

bool IsOn(const std::string& value) { return value == "ON" || value == "1"; }

template <typename T>
T ToNumber(const std::string& text) {
  T number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

Names SplitNames(absl::string_view text) {
  Names names;
  for (const absl::string_view name : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    names.emplace_back(absl::StripAsciiWhitespace(name));
  }
  return names;
}

// The first of `statements` that this server understands. Statements that the
// account may not run give no rows and are noted.
absl::StatusOr<Rows> QueryAny(Connection& connection, std::initializer_list<const char*> statements,
                              ServerSettings* settings) {
  for (const char* statement : statements) {
    absl::StatusOr<Rows> rows = connection.Query(statement);
    if (rows.ok()) return rows;
    if (absl::IsPermissionDenied(rows.status())) {
      settings->unread.push_back(absl::StrCat(statement, ": ", rows.status().message()));
      return Rows();
    }
    if (absl::IsUnavailable(rows.status())) return rows.status();
  }
  return Rows();
}

// The value of a column by one of its names (they were renamed with 8.0.22).
std::string Field(const std::vector<std::string>& columns, const Row& row,
                  std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) continue;
    const auto i = static_cast<size_t>(found - columns.begin());
    return i < row.size() ? row[i].value_or("") : "";
  }
  return "";
}

uint32_t MajorVersion(const std::string& version) {
  return ToNumber<uint32_t>(version.substr(0, version.find('.')));
}

void TakeVariables(const Variables& variables, ServerSettings* settings) {
  settings->version = Get(variables, {"version"});
  settings->mariadb = absl::StrContains(settings->version, "MariaDB");
  settings->server_uuid = Get(variables, {"server_uuid"});
  settings->server_uid = Get(variables, {"server_uid"});
  settings->server_id = ToNumber<uint32_t>(Get(variables, {"server_id"}));
  settings->log_bin = IsOn(Get(variables, {"log_bin"}));
  settings->binlog_format = GetUpper(variables, {"binlog_format"});
  // The variable goes away with the other formats.
  if (settings->binlog_format.empty()) settings->binlog_format = "ROW";
  settings->binlog_row_image = GetUpper(variables, {"binlog_row_image"});
  settings->binlog_row_metadata = GetUpper(variables, {"binlog_row_metadata"});
  settings->binlog_row_value_options = GetUpper(variables, {"binlog_row_value_options"});
  settings->gtid_mode = GetUpper(variables, {"gtid_mode"});
  settings->gtid_executed = Get(variables, {"gtid_executed", "gtid_current_pos"});
  settings->gtid_binlog_state = Get(variables, {"gtid_binlog_state"});
  settings->gtid_slave_pos = Get(variables, {"gtid_slave_pos"});
  settings->gtid_domain_id = ToNumber<uint32_t>(Get(variables, {"gtid_domain_id"}));
  settings->gtid_strict_mode = IsOn(Get(variables, {"gtid_strict_mode"}));
  settings->domain_parallel_threads =
      ToNumber<uint32_t>(Get(variables, {"slave_domain_parallel_threads"}));
  settings->log_replica_updates =
      IsOn(Get(variables, {"log_replica_updates", "log_slave_updates"}));
  settings->parallel_workers = ToNumber<uint32_t>(Get(
      variables, {"replica_parallel_workers", "slave_parallel_threads", "slave_parallel_workers"}));
  settings->preserve_commit_order =
      IsOn(Get(variables, {"replica_preserve_commit_order", "slave_preserve_commit_order"}));
  // MariaDB keeps it, within a domain.
  if (settings->mariadb) settings->preserve_commit_order = true;
  settings->parallel_type =
      GetUpper(variables, {"replica_parallel_type", "slave_parallel_type", "slave_parallel_mode"});
  // The type variable came with 5.7, and went away when LOGICAL_CLOCK became the only one.
  if (settings->parallel_type.empty()) {
    settings->parallel_type = MajorVersion(settings->version) < 8 ? "DATABASE" : "LOGICAL_CLOCK";
  }
  const std::string native = Get(variables, {"innodb_native_foreign_keys"});
  settings->has_sql_foreign_keys = !native.empty();
  settings->native_foreign_keys = native.empty() || IsOn(native);
  const std::string triggers = GetUpper(variables, {"slave_run_triggers_for_rbr"});
  settings->run_triggers_for_rows = triggers == "NO" ? "" : triggers;
  settings->type_conversions =
      GetUpper(variables, {"replica_type_conversions", "slave_type_conversions"});
  settings->multi_primary = !Get(variables, {"group_replication_group_name"}).empty() &&
                            !IsOn(Get(variables, {"group_replication_single_primary_mode"}));
  settings->expire_seconds = ToNumber<int64_t>(Get(variables, {"binlog_expire_logs_seconds"}));
  if (settings->expire_seconds == 0) {
    settings->expire_seconds =
        ToNumber<int64_t>(Get(variables, {"expire_logs_days"})) * kSecondsPerDay;
  }
}

absl::Status ReadBinlogStatus(Connection& connection, ServerSettings* settings) {
  DCP_ASSIGN_OR_RETURN(
      const Rows rows,
      QueryAny(connection, {"SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"}, settings));
  if (rows.empty() || rows[0].size() < 4) return absl::OkStatus();
  settings->position.file = rows[0][0].value_or("");
  settings->position.offset = ToNumber<uint64_t>(rows[0][1].value_or(""));
  settings->binlog_do_db = SplitNames(rows[0][2].value_or(""));
  settings->binlog_ignore_db = SplitNames(rows[0][3].value_or(""));
  return absl::OkStatus();
}

absl::Status ReadChannels(Connection& connection, ServerSettings* settings) {
  DCP_ASSIGN_OR_RETURN(
      const Rows rows,
      // MariaDB knows the new name too, but shows one channel by it.
      settings->mariadb
          ? QueryAny(connection, {"SHOW ALL SLAVES STATUS"}, settings)
          : QueryAny(connection, {"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"}, settings));
  const std::vector<std::string>& columns = connection.column_names();
  for (const Row& row : rows) {
    ReplicaChannel channel;
    channel.name = Field(columns, row, {"Channel_Name", "Connection_name"});
    channel.source_uuid = Field(columns, row, {"Source_UUID", "Master_UUID"});
    channel.source_server_id =
        ToNumber<uint32_t>(Field(columns, row, {"Source_Server_Id", "Master_Server_Id"}));
    const std::string auto_position = Field(columns, row, {"Auto_Position", "Using_Gtid"});
    channel.uses_gtid = auto_position != "0" && auto_position != "No";
    channel.source_host = Field(columns, row, {"Source_Host", "Master_Host"});
    channel.source_port = static_cast<uint16_t>(
        ToNumber<uint32_t>(Field(columns, row, {"Source_Port", "Master_Port"})));
    for (const char* kind : {"Do_DB", "Ignore_DB", "Do_Table", "Ignore_Table", "Wild_Do_Table",
                             "Wild_Ignore_Table", "Rewrite_DB"}) {
      const std::string column = absl::StrCat("Replicate_", kind);
      Names names = SplitNames(Field(columns, row, {column.c_str()}));
      if (!names.empty()) settings->filters.push_back({channel.name, kind, std::move(names)});
    }
    settings->channels.push_back(std::move(channel));
  }
  return absl::OkStatus();
}

// MariaDB wants a privilege for it that dcp needs for nothing else.
absl::Status ReadReplicas(Connection& connection, ServerSettings* settings) {
  if (settings->mariadb) return absl::OkStatus();
  const auto rows = QueryAny(connection, {"SHOW REPLICAS", "SHOW SLAVE HOSTS"}, settings);
  DCP_RETURN_IF_ERROR(rows.status());
  const std::vector<std::string>& columns = connection.column_names();
  for (const Row& row : *rows) {
    RegisteredReplica replica;
    replica.server_id = ToNumber<uint32_t>(Field(columns, row, {"Server_Id", "Server_id"}));
    replica.host = Field(columns, row, {"Host"});
    replica.port = static_cast<uint16_t>(ToNumber<uint32_t>(Field(columns, row, {"Port"})));
    settings->replicas.push_back(std::move(replica));
  }
  return absl::OkStatus();
}

// LIKE as in grants and filters: % and _, \ before them means themselves.
bool Like(absl::string_view text, absl::string_view pattern) {
  while (!pattern.empty()) {
    if (pattern[0] == '%') {
      for (size_t skip = 0; skip <= text.size(); ++skip) {
        if (Like(text.substr(skip), pattern.substr(1))) return true;
      }
      return false;
    }
    if (text.empty()) return false;
    const bool any = pattern[0] == '_';
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    if (!any && pattern[0] != text[0]) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  return text.empty();
}

bool Contains(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The databases that a check needs in the stream: its own and the barrier's.
Names Needed(const Names& databases) {
  Names needed = databases;
  if (!Contains(needed, kBarrierDatabase)) needed.push_back(kBarrierDatabase);
  return needed;
}

std::string DatabaseOf(absl::string_view table) {
  return std::string(table.substr(0, table.find('.')));
}

// "(from,to)" in parts: "(from" and "to)".
bool IsRewritten(const ReplicationFilter& filter, absl::string_view database) {
  return std::any_of(filter.names.begin(), filter.names.end(), [&](absl::string_view name) {
    absl::ConsumePrefix(&name, "(");
    absl::ConsumeSuffix(&name, ")");
    return absl::StripAsciiWhitespace(name) == database;
  });
}

// Whether a rule hides something of `database`; nullopt: it does not.
std::optional<std::string> Hidden(const ReplicationFilter& filter, const std::string& database) {
  const auto hidden = [&] { return absl::StrCat("hides database ", database); };
  const bool barrier = database == kBarrierDatabase;
  if (filter.kind == "Rewrite_DB") {
    // Of other databases the tables' `as` takes care.
    if (!barrier || !IsRewritten(filter, database)) return std::nullopt;
    return absl::StrCat("gives database ", database, " another name");
  }
  const auto matches = [&](const std::string& name) {
    return Like(database, DatabaseOf(name)) && (!barrier || Like(kBarrierTable, name));
  };
  const bool any = std::any_of(filter.names.begin(), filter.names.end(), matches);
  if (filter.kind == "Do_DB" && !Contains(filter.names, database)) return hidden();
  if (filter.kind == "Ignore_DB" && Contains(filter.names, database)) return hidden();
  if (absl::EndsWith(filter.kind, "Do_Table") && !any) return hidden();
  if (absl::EndsWith(filter.kind, "Ignore_Table") && any) {
    return absl::StrCat("hides tables of database ", database);
  }
  return std::nullopt;
}

class Checker {
 public:
  Checker(const ServerSettings& settings, const Names& databases)
      : settings_(settings), databases_(databases) {}

  void CheckBinlog() {
    if (!settings_.log_bin) {
      Add("log_bin", "is OFF: the server writes no binlog that could be read",
          "start the server with --log-bin");
    }
    if (settings_.binlog_format != "ROW") {
      Add("binlog_format",
          absl::StrCat("is ", settings_.binlog_format,
                       ": changes written as statements "
                       "cannot be compared"),
          SetGlobal("binlog_format", "'ROW'"));
    }
    if (absl::StrContains(settings_.binlog_row_value_options, "PARTIAL_JSON") &&
        settings_.binlog_row_image != "FULL") {
      Add("binlog_row_value_options",
          absl::StrCat("is PARTIAL_JSON and binlog_row_image ", settings_.binlog_row_image,
                       ": partial JSON updates lack the document that they change and stay "
                       "unverified"),
          SetGlobal("binlog_row_value_options", "''"));
    }
    CheckDatabaseLists();
  }

  void CheckRowImage() {
    if (settings_.binlog_row_image.empty() || settings_.binlog_row_image == "FULL") return;
    Add("binlog_row_image",
        absl::StrCat("is ", settings_.binlog_row_image,
                     ": after images are not whole, changes stay unverified"),
        SetGlobal("binlog_row_image", "'FULL'"));
  }

  void CheckReplicaUpdates() {
    if (settings_.log_replica_updates) return;
    const bool old_name = settings_.mariadb || MajorVersion(settings_.version) < 8;
    Add(old_name ? "log_slave_updates" : "log_replica_updates",
        "is OFF: what is replicated to this server, the barrier too, never reaches its binlog",
        old_name ? "start the server with --log-slave-updates"
                 : "start the server with --log-replica-updates");
  }

  void CheckFilters() {
    for (const ReplicationFilter& filter : settings_.filters) {
      for (const std::string& database : Needed(databases_)) {
        const std::optional<std::string> hidden = Hidden(filter, database);
        if (!hidden) continue;
        const std::string name = absl::StrCat("replicate_", absl::AsciiStrToLower(filter.kind));
        Add(name,
            absl::StrCat("= ", absl::StrJoin(filter.names, ","),
                         filter.channel.empty() ? "" : " of channel ", filter.channel, " ",
                         *hidden),
            FilterCure(filter, name));
      }
    }
  }

  void CheckPrivileges() {
    CheckPrivilege("REPLICATION SLAVE", "", "the binlog cannot be read");
    CheckMonitorPrivileges();
    for (const std::string& database : databases_) {
      CheckPrivilege("SELECT", database, "the schemas of its tables cannot be read");
    }
  }

  // MariaDB 10.5 and later: two privileges out of REPLICATION CLIENT.
  void CheckMonitorPrivileges() {
    if (HasPrivilege(settings_.grants, "REPLICATION CLIENT")) return;
    constexpr char kNoPosition[] = "its binlog position cannot be read";
    if (!settings_.mariadb) return CheckPrivilege("REPLICATION CLIENT", "", kNoPosition);
    CheckPrivilege("BINLOG MONITOR", "", kNoPosition);
    if (HasPrivilege(settings_.grants, "REPLICA MONITOR") ||
        HasPrivilege(settings_.grants, "REPLICATION SLAVE ADMIN") ||
        HasPrivilege(settings_.grants, "SUPER")) {
      return;
    }
    CheckPrivilege("SLAVE MONITOR", "", "the state of its replication cannot be read");
  }

  std::vector<SettingProblem> Take() { return std::move(problems_); }

 private:
  void Add(absl::string_view setting, absl::string_view message, absl::string_view cure) {
    problems_.push_back({std::string(setting),
                         absl::StrCat(settings_.server, ": ", setting, " ", message),
                         std::string(cure)});
  }

  // MySQL has the statement since 5.7; MariaDB sets the variable of a stopped connection.
  std::string FilterCure(const ReplicationFilter& filter, const std::string& name) const {
    if (settings_.mariadb) {
      const std::string channel =
          filter.channel.empty() ? "" : absl::StrCat(" ", QuoteString(filter.channel));
      const std::string variable =
          filter.channel.empty() ? name : absl::StrCat(QuoteName(filter.channel), ".", name);
      return absl::StrCat("STOP SLAVE", channel, "; SET GLOBAL ", variable, " = ''; START SLAVE",
                          channel);
    }
    if (MajorVersion(settings_.version) < 6) {
      return absl::StrCat("start the server without --", absl::StrReplaceAll(name, {{"_", "-"}}));
    }
    return absl::StrCat(
        "CHANGE REPLICATION FILTER ", absl::AsciiStrToUpper(name), " = ()",
        filter.channel.empty() ? "" : absl::StrCat(" FOR CHANNEL ", QuoteString(filter.channel)));
  }

  std::string SetGlobal(absl::string_view name, absl::string_view value) const {
    const bool persist = !settings_.mariadb && MajorVersion(settings_.version) >= 8;
    return absl::StrCat(persist ? "SET PERSIST " : "SET GLOBAL ", name, " = ", value);
  }

  void CheckDatabaseLists() {
    for (const std::string& database : Needed(databases_)) {
      if (!settings_.binlog_do_db.empty() && !Contains(settings_.binlog_do_db, database)) {
        Add("binlog_do_db",
            absl::StrCat("= ", absl::StrJoin(settings_.binlog_do_db, ","), " keeps database ",
                         database, " out of the binlog"),
            "start the server without --binlog-do-db");
      }
      if (Contains(settings_.binlog_ignore_db, database)) {
        Add("binlog_ignore_db",
            absl::StrCat("= ", absl::StrJoin(settings_.binlog_ignore_db, ","), " keeps database ",
                         database, " out of the binlog"),
            "start the server without --binlog-ignore-db");
      }
    }
  }

  void CheckPrivilege(absl::string_view privilege, const std::string& database,
                      absl::string_view otherwise) {
    if (settings_.grants.empty() || HasPrivilege(settings_.grants, privilege, database)) return;
    const std::string where = database.empty() ? "*.*" : absl::StrCat(QuoteName(database), ".*");
    Add(privilege, absl::StrCat("is missing on ", where, ": ", otherwise),
        absl::StrCat("GRANT ", privilege, " ON ", where, " TO ", Account()));
  }

  // The account, in the server's own spelling, from the end of a grant.
  std::string Account() const {
    const std::string& grant = settings_.grants[0];
    const size_t to = grant.rfind(" TO ");
    if (to == std::string::npos) return "this account";
    const std::string rest = grant.substr(to + 4);
    return rest.substr(0, rest.find(' '));
  }

  const ServerSettings& settings_;
  const Names& databases_;
  std::vector<SettingProblem> problems_;
};

// "`shop`.*", "`shop`.`orders`", "*.*": true if it covers something of
// `database`; everything, when that is empty.
bool Covers(absl::string_view object, absl::string_view database) {
  if (object == "*.*") return true;
  if (database.empty() || !absl::ConsumePrefix(&object, "`")) return false;
  std::string pattern;
  while (!object.empty() && !absl::StartsWith(object, "`.")) {
    absl::ConsumePrefix(&object, "`");  // a backtick inside a name is doubled
    if (object.empty()) break;
    pattern.push_back(object[0]);
    object.remove_prefix(1);
  }
  return Like(database, pattern);
}

}  // namespace

bool HasPrivilege(const std::vector<std::string>& grants, absl::string_view privilege,
                  absl::string_view database) {
  for (absl::string_view grant : grants) {
    if (!absl::ConsumePrefix(&grant, "GRANT ")) continue;
    const size_t on = grant.find(" ON ");
    if (on == absl::string_view::npos) continue;  // a role
    absl::string_view object = grant.substr(on + 4);
    object = object.substr(0, object.find(" TO "));
    if (!Covers(object, database)) continue;
    for (absl::string_view given : absl::StrSplit(grant.substr(0, on), ',')) {
      given = absl::StripAsciiWhitespace(given.substr(0, given.find('(')));
      if (given == privilege || given == "ALL PRIVILEGES" || given == "ALL") return true;
    }
  }
  return false;
}

absl::StatusOr<ServerSettings> ReadServerSettings(Connection& connection) {
  ServerSettings settings;
  settings.server = connection.server();
  DCP_ASSIGN_OR_RETURN(const Rows rows, connection.Query("SHOW GLOBAL VARIABLES"));
  Variables variables;
  for (const Row& row : rows) variables[row[0].value_or("")] = row[1].value_or("");
  TakeVariables(variables, &settings);
  DCP_RETURN_IF_ERROR(ReadBinlogStatus(connection, &settings));
  DCP_RETURN_IF_ERROR(ReadChannels(connection, &settings));
  DCP_RETURN_IF_ERROR(ReadReplicas(connection, &settings));
  DCP_ASSIGN_OR_RETURN(const Rows logs, QueryAny(connection, {"SHOW BINARY LOGS"}, &settings));
  if (!logs.empty() && !logs[0].empty()) settings.oldest_binlog = logs[0][0].value_or("");
  DCP_ASSIGN_OR_RETURN(const Rows grants, QueryAny(connection, {"SHOW GRANTS"}, &settings));
  for (const Row& row : grants) settings.grants.push_back(row.empty() ? "" : row[0].value_or(""));
  return settings;
}

bool SameServer(const ServerSettings& a, const ServerSettings& b) {
  if (!a.server_uuid.empty() || !b.server_uuid.empty()) return a.server_uuid == b.server_uuid;
  if (a.server_id != b.server_id) return false;
  if (!a.server_uid.empty() || !b.server_uid.empty()) return a.server_uid == b.server_uid;
  return a.server.substr(a.server.find('@') + 1) == b.server.substr(b.server.find('@') + 1);
}

std::vector<SettingProblem> CheckAsSource(const ServerSettings& settings, const Names& databases) {
  Checker checker(settings, databases);
  checker.CheckBinlog();
  checker.CheckRowImage();
  checker.CheckPrivileges();
  return checker.Take();
}

std::vector<SettingProblem> CheckAsTarget(const ServerSettings& settings, const Names& databases) {
  Checker checker(settings, databases);
  checker.CheckBinlog();
  checker.CheckReplicaUpdates();
  checker.CheckFilters();
  checker.CheckPrivileges();
  return checker.Take();
}

}  // namespace dcp::mysql
