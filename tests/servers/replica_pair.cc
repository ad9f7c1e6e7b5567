#include "tests/servers/replica_pair.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"

namespace dcp::test {
namespace {

constexpr char kDatabases[] =
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN "
    "('mysql', 'sys', 'performance_schema', 'information_schema')";

// The replica's errors: connection, coordinator, workers.
constexpr char kReplicationErrors[] =
    "SELECT last_error_message FROM performance_schema.replication_connection_status "
    "WHERE last_error_number <> 0 AND service_state = 'OFF' UNION ALL "
    "SELECT last_error_message FROM performance_schema.replication_applier_status_by_worker "
    "WHERE last_error_number <> 0 AND service_state = 'OFF' UNION ALL "
    "SELECT last_error_message FROM performance_schema.replication_applier_status_by_coordinator "
    "WHERE last_error_number <> 0 AND service_state = 'OFF'";

absl::Status DropDatabases(MysqlServer& server) {
  DCP_ASSIGN_OR_RETURN(const Rows databases, server.Query(kDatabases));
  for (const Row& row : databases) {
    DCP_RETURN_IF_ERROR(server.Execute(absl::StrCat("DROP DATABASE `", row[0].value_or(""), "`")));
  }
  return absl::OkStatus();
}

// XA RECOVER: formatID, gtrid_length, bqual_length, 0x<gtrid><bqual>.
absl::Status RollBackPrepared(MysqlServer& server) {
  DCP_ASSIGN_OR_RETURN(const Rows prepared, server.Query("XA RECOVER CONVERT XID"));
  for (const Row& row : prepared) {
    const std::string hex = row[3].value_or("").substr(2);
    const size_t gtrid_digits = 2 * std::stoul(row[1].value_or("0"));
    DCP_RETURN_IF_ERROR(
        server.Execute(absl::StrCat("XA ROLLBACK X'", hex.substr(0, gtrid_digits), "', X'",
                                    hex.substr(gtrid_digits), "', ", row[0].value_or("1"))));
  }
  return absl::OkStatus();
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Sets what differs. An error names the variable: it may be one that only a start can set.
absl::Status RestoreVariables(MysqlServer& server, const Rows& wanted) {
  DCP_ASSIGN_OR_RETURN(const Rows present, GlobalVariables(server));
  const std::set<Row> unchanged(present.begin(), present.end());
  for (const Row& variable : wanted) {
    if (unchanged.contains(variable)) continue;
    const std::string value = variable[1].value_or("");
    const absl::Status status = server.Execute(absl::StrCat(
        "SET GLOBAL ", variable[0].value_or(""), " = ", IsNumber(value) ? value : Quoted(value)));
    if (!status.ok()) return Annotate(status, "a test changed a variable for good");
  }
  return absl::OkStatus();
}

// A test may also have restarted the server with arguments of its own.
absl::Status RestoreArguments(MysqlServer& server, const Rows& variables) {
  if (RestoreVariables(server, variables).ok()) return absl::OkStatus();
  DCP_RETURN_IF_ERROR(server.Restart());
  return RestoreVariables(server, variables);
}

}  // namespace

// Without those that no test can set.
absl::StatusOr<Rows> GlobalVariables(MysqlServer& server) {
  return server.Query(
      "SELECT variable_name, variable_value FROM performance_schema.global_variables "
      "WHERE variable_name NOT LIKE 'gtid\\_%ed' AND variable_name NOT LIKE '%server_uuid' "
      "ORDER BY variable_name");
}

absl::Status ResetServer(MysqlServer& server, const Rows& variables) {
  if (!server.Query("SELECT 1").ok()) DCP_RETURN_IF_ERROR(server.Restart());
  DCP_RETURN_IF_ERROR(RestoreArguments(server, variables));
  DCP_RETURN_IF_ERROR(server.Execute("SET SESSION lock_wait_timeout = 20"));
  DCP_RETURN_IF_ERROR(RollBackPrepared(server));
  DCP_RETURN_IF_ERROR(DropDatabases(server));
  return server.Execute("RESET BINARY LOGS AND GTIDS");
}

absl::StatusOr<std::unique_ptr<ReplicaPair>> ReplicaPair::Start(ReplicaPairOptions options) {
  options.replica.extra_args.insert(
      options.replica.extra_args.begin(),
      {absl::StrCat("--replica-parallel-workers=", options.workers),
       absl::StrCat("--replica-preserve-commit-order=", options.preserve_commit_order ? 1 : 0)});
  DCP_ASSIGN_OR_RETURN(auto source, MysqlServer::Start(std::move(options.source)));
  DCP_ASSIGN_OR_RETURN(auto replica, MysqlServer::Start(std::move(options.replica)));
  std::unique_ptr<ReplicaPair> pair(new ReplicaPair(std::move(source), std::move(replica)));
  DCP_ASSIGN_OR_RETURN(pair->source_variables_, GlobalVariables(pair->source()));
  DCP_ASSIGN_OR_RETURN(pair->replica_variables_, GlobalVariables(pair->replica()));
  DCP_RETURN_IF_ERROR(pair->PointReplicaAtSource());
  return pair;
}

absl::Status ReplicaPair::PointReplicaAtSource() {
  return replica_->Execute(absl::StrCat(
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=", source_->port(),
      ", SOURCE_USER='dcp', SOURCE_PASSWORD='dcp', SOURCE_AUTO_POSITION=1, "
      "GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=100000; START REPLICA"));
}

absl::Status ReplicaPair::StopReplication() { return replica_->Execute("STOP REPLICA"); }
absl::Status ReplicaPair::StartReplication() { return replica_->Execute("START REPLICA"); }

absl::Status ReplicaPair::CheckReplication() {
  DCP_ASSIGN_OR_RETURN(const Rows errors, replica_->Query(kReplicationErrors));
  if (errors.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("replication stopped: ", errors[0][0].value_or("")));
}

absl::Status ReplicaPair::WaitForReplica(absl::Duration timeout) {
  DCP_ASSIGN_OR_RETURN(const std::string executed,
                       source_->QueryValue("SELECT @@GLOBAL.gtid_executed"));
  const std::string wait =
      absl::StrCat("SELECT WAIT_FOR_EXECUTED_GTID_SET(", Quoted(executed), ", 0.2)");
  const absl::Duration start = Clock::Real().Monotonic();
  do {
    DCP_ASSIGN_OR_RETURN(const std::string timed_out, replica_->QueryValue(wait));
    if (timed_out == "0") return absl::OkStatus();
    DCP_RETURN_IF_ERROR(CheckReplication());
  } while (Clock::Real().Monotonic() - start < timeout);
  return absl::DeadlineExceededError(absl::StrCat("the replica has not applied ", executed,
                                                  " within ", absl::FormatDuration(timeout)));
}

absl::Status ReplicaPair::Reset() {
  if (!replica_->Query("SELECT 1").ok()) DCP_RETURN_IF_ERROR(replica_->Restart());
  DCP_RETURN_IF_ERROR(replica_->Execute("STOP REPLICA; RESET REPLICA ALL"));
  DCP_RETURN_IF_ERROR(Annotate(ResetServer(*source_, source_variables_), "reset the source"));
  DCP_RETURN_IF_ERROR(Annotate(ResetServer(*replica_, replica_variables_), "reset the replica"));
  return PointReplicaAtSource();
}

}  // namespace dcp::test
