#include "verifier/repair_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::verifier {
namespace {

// The place of the server id in the rows of SHOW REPLICA STATUS, in all versions.
constexpr size_t kReplicaSourceId = 39;

std::vector<SessionSetting> Settings(bool binlog) {
  std::vector<SessionSetting> settings = {
      {absl::StrCat("SET SESSION sql_mode = '", kRepairSqlMode, "'")},
      {"SET SESSION foreign_key_checks = 1"},
      {"SET SESSION unique_checks = 1"},
      // The default, and then changed only by accounts that may.
      {"SET SESSION binlog_format = ROW", /*required=*/false}};
  if (!binlog) settings.push_back({"SET SESSION sql_log_bin = 0"});
  return settings;
}

absl::Status NotAsSeen() {
  return absl::AbortedError(
      "the statement changed nothing: the row is not as it was seen any more, or the target cannot "
      "hold the source's value");
}

}  // namespace

RepairWriter::RepairWriter(const RepairOptions& options, const Clock& clock, const Pause& pause)
    : clock_(clock),
      pause_(pause),
      per_statement_(absl::Seconds(1 / std::max(options.per_second, 0.001))),
      binlog_(options.binlog),
      target_(options.verification.target, options.verification.statement_timeout,
              Settings(options.binlog)),
      next_(clock.Monotonic()) {}

absl::StatusOr<std::unique_ptr<RepairWriter>> RepairWriter::Start(const RepairOptions& options,
                                                                  SideSession& source,
                                                                  const Clock& clock,
                                                                  const Pause& pause) {
  std::unique_ptr<RepairWriter> writer(new RepairWriter(options, clock, pause));
  DCP_RETURN_IF_ERROR(writer->CheckNoCircle(source));
  DCP_ASSIGN_OR_RETURN(writer->undo_, UndoLog::Create(options.undo_path));
  return writer;
}

// What a repair writes would come back to the source: an INSERT of a row that is there.
absl::Status RepairWriter::CheckNoCircle(SideSession& source) {
  DCP_ASSIGN_OR_RETURN(const mysql::Rows id, target_.Query("SELECT @@server_id"));
  if (!binlog_) return absl::OkStatus();
  for (const absl::string_view sql : {"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"}) {
    const absl::StatusOr<mysql::Rows> rows = source.Query(sql);
    if (!rows.ok()) continue;
    for (const mysql::Row& row : *rows) {
      if (row.size() <= kReplicaSourceId || row[kReplicaSourceId] != id[0][0]) continue;
      return absl::FailedPreconditionError(
          absl::StrCat(source.server(),
                       " replicates from the target: what is repaired would be "
                       "written there again; use --no-binlog"));
    }
    break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RepairWriter::Write(const std::vector<RepairStatement>& statements) {
  std::vector<std::string> undo;
  for (const RepairStatement& statement : statements) {
    if (statement.sql.find('\n') != std::string::npos ||
        statement.undo.find('\n') != std::string::npos) {
      return "a name in its table has a line break, which the undo file cannot hold";
    }
    undo.push_back(statement.undo);
  }
  DCP_RETURN_IF_ERROR(WaitForTurn(statements.size()));
  const size_t before = undo_->size();
  DCP_RETURN_IF_ERROR(undo_->Append(undo));
  const absl::Status status = Execute(statements);
  if (status.ok()) return "";
  // Whether a server that is lost has done it is not known: the way back stays, and does nothing
  // if not.
  if (!absl::IsUnavailable(status)) DCP_RETURN_IF_ERROR(undo_->Shrink(before));
  if (absl::IsPermissionDenied(status)) return status;
  return std::string(status.message());
}

absl::Status RepairWriter::WaitForTurn(size_t statements) {
  const absl::Duration now = clock_.Monotonic();
  if (next_ > now) DCP_RETURN_IF_ERROR(pause_(next_ - now));
  next_ = std::max(next_, now) + static_cast<double>(statements) * per_statement_;
  return absl::OkStatus();
}

absl::Status RepairWriter::Execute(const std::vector<RepairStatement>& statements) {
  target_.AllowConnecting();
  if (statements.size() == 1) return ExecuteOne(statements[0]);
  DCP_RETURN_IF_ERROR(target_.Execute("START TRANSACTION"));
  for (const RepairStatement& statement : statements) {
    const absl::Status status = ExecuteOne(statement);
    if (status.ok()) continue;
    // A session that is lost has rolled it back by itself; a new one has nothing to roll back.
    if (!absl::IsUnavailable(status)) target_.Execute("ROLLBACK").IgnoreError();
    return absl::IsUnavailable(status) ? absl::AbortedError(status.message()) : status;
  }
  return target_.Execute("COMMIT");
}

absl::Status RepairWriter::ExecuteOne(const RepairStatement& statement) {
  DCP_RETURN_IF_ERROR(target_.Execute(statement.sql));
  return target_.affected_rows() == 1 ? absl::OkStatus() : NotAsSeen();
}

}  // namespace dcp::verifier
