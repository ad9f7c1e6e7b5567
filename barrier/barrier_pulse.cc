#include "barrier/barrier_pulse.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"

namespace dcp::barrier {
namespace {

constexpr char kFormatIsRow[] = "SELECT @@SESSION.binlog_format = 'ROW'";
constexpr char kSetFormat[] = "SET SESSION binlog_format = 'ROW'";

}  // namespace

// A missing privilege, explained; every other status as it is.
absl::Status BarrierPulse::Explain(const absl::Status& status, absl::string_view statement) const {
  if (!absl::IsPermissionDenied(status)) return status;
  const absl::string_view cure =
      statement == kSetFormat
          ? "set binlog_format = ROW on the server, or let the user change it (MySQL 8: GRANT "
            "SESSION_VARIABLES_ADMIN, before: SUPER; MariaDB: BINLOG ADMIN; each ON *.* TO "
          : "run GRANT CREATE, SELECT, INSERT, UPDATE ON `drc`.* TO ";
  return absl::PermissionDeniedError(absl::StrCat(
      "barrier: the user may not run \"", statement, "\" (the server says: ", status.message(),
      "); ", cure, options_.user, statement == kSetFormat ? ")" : ""));
}

absl::Status BarrierPulse::Execute(SqlExecutor* sql, absl::string_view statement) const {
  return Explain(sql->Execute(statement), statement);
}

absl::Status BarrierPulse::UseRowFormat(SqlExecutor* sql) const {
  const auto is_row = sql->QueryNumber(kFormatIsRow);
  // Servers without the variable write rows only.
  if (!is_row.ok() && absl::StrContains(is_row.status().message(), "Unknown system variable")) {
    return absl::OkStatus();
  }
  DCP_RETURN_IF_ERROR(is_row.status());
  return *is_row == 1 ? absl::OkStatus() : Execute(sql, kSetFormat);
}

absl::Status BarrierPulse::CreateTable(SqlExecutor* sql) const {
  DCP_RETURN_IF_ERROR(Execute(sql, kCreateDatabase));
  return Execute(sql, kCreateTable);
}

absl::Status BarrierPulse::Prepare(SqlExecutor* sql) const {
  if (!options_.lease) return PrepareRow(sql);
  DCP_RETURN_IF_ERROR(LimitSession(sql, options_.interval));
  DCP_RETURN_IF_ERROR(PrepareRow(sql));
  return Claim(sql);
}

LeaseHolder BarrierPulse::holder() const {
  return {options_.id, options_.lease->name, options_.interval};
}

absl::Status BarrierPulse::Claim(SqlExecutor* sql) const {
  DCP_RETURN_IF_ERROR(CreateLeaseTables(sql));
  DCP_ASSIGN_OR_RETURN(const LeaseWrite claim, ClaimLease(sql, holder(), options_.lease->epoch));
  return claim.held ? absl::OkStatus() : Outdone(sql);
}

absl::Status BarrierPulse::Outdone(SqlExecutor* sql) const {
  DCP_ASSIGN_OR_RETURN(const std::optional<LeaseRow> row, ReadLease(sql, options_.id));
  if (row && row->epoch >= options_.lease->epoch) options_.lease->outdone(row->epoch);
  return absl::AbortedError(absl::StrCat("row ", options_.id,
                                         " of drc.barrier is written by another dcp",
                                         row ? absl::StrCat(", '", row->name, "'") : ""));
}

absl::StatusOr<uint64_t> BarrierPulse::WriteUnder(SqlExecutor* sql) const {
  DCP_ASSIGN_OR_RETURN(const LeaseWrite write,
                       WriteUnderLease(sql, holder(), options_.lease->epoch, nullptr));
  if (write.held) return write.offset;
  return Outdone(sql);
}

absl::Status BarrierPulse::PrepareRow(SqlExecutor* sql) const {
  DCP_RETURN_IF_ERROR(UseRowFormat(sql));
  const absl::Status found = sql->QueryNumber(SelectOffset(options_.id)).status();
  if (found.ok() || absl::IsUnavailable(found) || absl::IsCancelled(found)) return found;
  if (!absl::IsNotFound(found)) DCP_RETURN_IF_ERROR(CreateTable(sql));
  return Execute(sql, absl::StrCat("INSERT IGNORE INTO `drc`.`barrier` (`id`, `offset`) VALUES (",
                                   options_.id, ", 0)"));
}

absl::StatusOr<uint64_t> BarrierPulse::Write(SqlExecutor* sql) const {
  if (options_.lease) return WriteUnder(sql);
  DCP_RETURN_IF_ERROR(Execute(sql, AdvanceOffset(options_.id)));
  FaultPoint("barrier.advanced");
  const std::string select = SelectOffset(options_.id);
  const auto offset = sql->QueryNumber(select);
  if (!offset.ok()) return Explain(offset.status(), select);
  return offset;
}

BarrierPulse::Step BarrierPulse::Run(SqlExecutor* sql, absl::Duration now) {
  if (now < due_) return {false, absl::OkStatus(), due_};
  const auto offset = Write(sql);
  if (!offset.ok()) return {false, offset.status(), RetryAt(now)};
  backoff_.Reset();
  last_offset_ = *offset;
  due_ += options_.interval;
  if (due_ <= now) due_ = now + options_.interval;
  return {true, absl::OkStatus(), due_};
}

}  // namespace dcp::barrier
