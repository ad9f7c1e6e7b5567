#include "barrier/lease_rows.h"

#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "barrier/barrier_table.h"
#include "base/status.h"

namespace dcp::barrier {
namespace {

// Of dcp_handover.data in one statement: far below any max_allowed_packet, as hexadecimal digits
// too.
constexpr size_t kPartBytes = size_t{128} << 10;
static_assert(kMaxHandoverBytes % kPartBytes == 0);

constexpr char kCreateDrc[] = "CREATE DATABASE IF NOT EXISTS `drc`";
constexpr char kCreateLeader[] =
    "CREATE TABLE IF NOT EXISTS `drc`.`dcp_leader` ("
    "`id` int unsigned NOT NULL, "
    "`epoch` bigint unsigned NOT NULL, "
    "`beat` bigint unsigned NOT NULL, "
    "`interval_ms` bigint unsigned NOT NULL, "
    "`name` varchar(64) CHARACTER SET utf8 NOT NULL, "
    "PRIMARY KEY (`id`)) ENGINE=InnoDB";
constexpr char kCreateHandover[] =
    "CREATE TABLE IF NOT EXISTS `drc`.`dcp_handover` ("
    "`id` int unsigned NOT NULL, "
    "`part` int unsigned NOT NULL, "
    "`data` mediumblob NOT NULL, "
    "PRIMARY KEY (`id`, `part`)) ENGINE=InnoDB";

// As the text of a string constant, whatever is in it.
std::string Hex(absl::string_view bytes) {
  return bytes.empty() ? "''" : absl::StrCat("X'", absl::BytesToHexString(bytes), "'");
}

std::string Assignments(const LeaseHolder& holder, uint64_t epoch) {
  return absl::StrCat("`epoch` = ", epoch,
                      ", `beat` = 0, `interval_ms` = ", absl::ToInt64Milliseconds(holder.interval),
                      ", `name` = ", Hex(holder.name));
}

std::string InsertRow(const LeaseHolder& holder, uint64_t epoch) {
  return absl::StrCat(
      "INSERT IGNORE INTO `drc`.`dcp_leader` (`id`, `epoch`, `beat`, `interval_ms`, `name`) "
      "VALUES (",
      holder.id, ", ", epoch, ", 0, ", absl::ToInt64Milliseconds(holder.interval), ", ",
      Hex(holder.name), ")");
}

std::string UpdateRow(const LeaseHolder& holder, const std::string& assignments,
                      const std::string& condition) {
  return absl::StrCat("UPDATE `drc`.`dcp_leader` SET ", assignments, " WHERE `id` = ", holder.id,
                      " AND ", condition);
}

// The row is still the holder's. An epoch alone is not enough: a source that lost transactions when
// it failed over, or a table that was dropped, may have two make the same one. The name is compared
// byte for byte, whatever the collation.
std::string IsHeld(const LeaseHolder& holder, uint64_t epoch) {
  return absl::StrCat("`epoch` = ", epoch, " AND HEX(`name`) = '",
                      absl::AsciiStrToUpper(absl::BytesToHexString(holder.name)), "'");
}

std::string Beat(const LeaseHolder& holder, uint64_t epoch) {
  return UpdateRow(holder, "`beat` = `beat` + 1", IsHeld(holder, epoch));
}

// Nobody counts so far; somebody wrote it.
constexpr uint64_t kMaxEpoch = uint64_t{1} << 62;

absl::Status Unusable(absl::string_view what, const std::optional<std::string>& value) {
  return absl::InternalError(absl::StrCat("drc.dcp_leader: ", what, " is ", value.value_or("NULL"),
                                          ", which no dcp wrote; DROP TABLE drc.dcp_leader on the "
                                          "source, with every dcp stopped, begins it anew"));
}

absl::StatusOr<uint64_t> Number(const std::optional<std::string>& text) {
  uint64_t number = 0;
  if (text && absl::SimpleAtoi(*text, &number)) return number;
  return Unusable("a number", text);
}

absl::Status WriteBarrier(SqlExecutor* sql, const LeaseHolder& holder, LeaseWrite* write) {
  DCP_RETURN_IF_ERROR(sql->Execute(AdvanceOffset(holder.id)));
  DCP_ASSIGN_OR_RETURN(write->offset, sql->QueryNumber(SelectOffset(holder.id)));
  return absl::OkStatus();
}

absl::Status WriteHandover(SqlExecutor* sql, uint32_t id, absl::string_view data) {
  uint32_t part = 0;
  for (size_t at = 0; at < data.size(); at += kPartBytes, ++part) {
    DCP_RETURN_IF_ERROR(sql->Execute(
        absl::StrCat("REPLACE INTO `drc`.`dcp_handover` (`id`, `part`, `data`) VALUES (", id, ", ",
                     part, ", ", Hex(data.substr(at, kPartBytes)), ")")));
  }
  return sql->Execute(
      absl::StrCat("DELETE FROM `drc`.`dcp_handover` WHERE `id` = ", id, " AND `part` >= ", part));
}

absl::StatusOr<std::string> ReadHandover(SqlExecutor* sql, uint32_t id) {
  DCP_ASSIGN_OR_RETURN(
      const SqlExecutor::Rows rows,
      sql->QueryRows(absl::StrCat("SELECT LEFT(`data`, ", kPartBytes,
                                  ") FROM `drc`.`dcp_handover` WHERE `id` = ", id, " AND `part` < ",
                                  kMaxHandoverBytes / kPartBytes, " ORDER BY `part`")));
  std::string data;
  for (const auto& row : rows) absl::StrAppend(&data, row.empty() ? "" : row[0].value_or(""));
  return data;
}

// One transaction: `guard` has to change one row, then `work` is done.
absl::StatusOr<LeaseWrite> Guarded(SqlExecutor* sql, const std::string& guard,
                                   const std::function<absl::Status(LeaseWrite*)>& work) {
  LeaseWrite write;
  DCP_RETURN_IF_ERROR(sql->Execute("BEGIN"));
  DCP_ASSIGN_OR_RETURN(const uint64_t changed, sql->Change(guard));
  write.held = changed == 1;
  if (!write.held) {
    DCP_RETURN_IF_ERROR(sql->Execute("ROLLBACK"));
    return write;
  }
  DCP_RETURN_IF_ERROR(work(&write));
  DCP_RETURN_IF_ERROR(sql->Execute("COMMIT"));
  return write;
}

}  // namespace

absl::Status LimitSession(SqlExecutor* sql, absl::Duration interval) {
  const int64_t seconds =
      std::max<int64_t>(1, absl::ToInt64Seconds(LeaseTime(interval) + absl::Milliseconds(500)));
  // The first between statements, the others within one.
  for (const char* limit : {"wait_timeout", "net_read_timeout", "net_write_timeout"}) {
    DCP_RETURN_IF_ERROR(sql->Execute(absl::StrCat("SET SESSION ", limit, " = ", seconds)));
  }
  // Else what is read would stay what it was at the first time.
  DCP_RETURN_IF_ERROR(sql->Execute("SET SESSION autocommit = 1"));
  return sql->Execute(absl::StrCat("SET SESSION innodb_lock_wait_timeout = ", seconds));
}

absl::Status CreateLeaseTables(SqlExecutor* sql) {
  // Tables that are there need no privilege to create one.
  const bool leader = sql->QueryRows("SELECT 1 FROM `drc`.`dcp_leader` LIMIT 1").ok();
  const bool handover = sql->QueryRows("SELECT 1 FROM `drc`.`dcp_handover` LIMIT 1").ok();
  if (leader && handover) return absl::OkStatus();
  if (!leader) {
    DCP_RETURN_IF_ERROR(sql->Execute(kCreateDrc));
    DCP_RETURN_IF_ERROR(sql->Execute(kCreateLeader));
  }
  return handover ? absl::OkStatus() : sql->Execute(kCreateHandover);
}

absl::StatusOr<std::optional<LeaseRow>> ReadLease(SqlExecutor* sql, uint32_t id) {
  DCP_ASSIGN_OR_RETURN(
      const SqlExecutor::Rows rows,
      sql->QueryRows(absl::StrCat(
          "SELECT `epoch`, `beat`, `interval_ms`, `name` FROM `drc`.`dcp_leader` WHERE `id` = ",
          id)));
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  if (row.size() != 4) return absl::InternalError("drc.dcp_leader has other columns");
  LeaseRow lease;
  DCP_ASSIGN_OR_RETURN(lease.epoch, Number(row[0]));
  if (lease.epoch > kMaxEpoch) return Unusable("the epoch", row[0]);
  DCP_ASSIGN_OR_RETURN(lease.beat, Number(row[1]));
  DCP_ASSIGN_OR_RETURN(const uint64_t interval, Number(row[2]));
  constexpr uint64_t kMost = uint64_t{24} * 3600 * 1000;
  lease.interval = absl::Milliseconds(std::min(interval, kMost));
  lease.name = row[3].value_or("");
  return lease;
}

absl::StatusOr<LeaseWrite> TakeLease(SqlExecutor* sql, const LeaseHolder& holder,
                                     const std::optional<LeaseRow>& seen, uint64_t epoch) {
  const std::string guard =
      !seen ? InsertRow(holder, epoch)
            : UpdateRow(holder, Assignments(holder, epoch),
                        absl::StrCat("`epoch` = ", seen->epoch, " AND `beat` = ", seen->beat));
  return Guarded(sql, guard, [&](LeaseWrite* write) -> absl::Status {
    DCP_RETURN_IF_ERROR(WriteBarrier(sql, holder, write));
    DCP_ASSIGN_OR_RETURN(write->handover, ReadHandover(sql, holder.id));
    return absl::OkStatus();
  });
}

absl::StatusOr<LeaseWrite> ClaimLease(SqlExecutor* sql, const LeaseHolder& holder, uint64_t epoch) {
  DCP_RETURN_IF_ERROR(sql->Execute(InsertRow(holder, epoch)));
  DCP_RETURN_IF_ERROR(sql->Execute(
      UpdateRow(holder, Assignments(holder, epoch), absl::StrCat("`epoch` < ", epoch))));
  DCP_ASSIGN_OR_RETURN(const std::optional<LeaseRow> stands, ReadLease(sql, holder.id));
  LeaseWrite write;
  write.held = stands && stands->epoch == epoch && stands->name == holder.name;
  return write;
}

absl::StatusOr<LeaseWrite> WriteUnderLease(SqlExecutor* sql, const LeaseHolder& holder,
                                           uint64_t epoch, const std::string* handover) {
  return Guarded(sql, Beat(holder, epoch), [&](LeaseWrite* write) -> absl::Status {
    DCP_RETURN_IF_ERROR(WriteBarrier(sql, holder, write));
    return handover == nullptr ? absl::OkStatus() : WriteHandover(sql, holder.id, *handover);
  });
}

absl::StatusOr<LeaseWrite> GiveLeaseBack(SqlExecutor* sql, const LeaseHolder& holder,
                                         uint64_t epoch, const std::string* handover) {
  const std::string guard =
      UpdateRow(holder, "`beat` = `beat` + 1, `name` = ''", IsHeld(holder, epoch));
  return Guarded(sql, guard, [&](LeaseWrite*) {
    return handover == nullptr ? absl::OkStatus() : WriteHandover(sql, holder.id, *handover);
  });
}

}  // namespace dcp::barrier
