#include "mysql/binlog_inventory.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::mysql {
namespace {

constexpr char kVariables[] =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_seconds', "
    "'expire_logs_days', 'binlog_expire_logs_auto_purge')";

// MariaDB's days have a fraction.
double ToNumber(const std::string& text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) && number > 0 ? number : 0;
}

}  // namespace

absl::Duration KeptFor(const Rows& variables) {
  std::map<std::string, std::string> values;
  for (const Row& row : variables) {
    if (row.size() >= 2) values[row[0].value_or("")] = row[1].value_or("");
  }
  const std::string& automatic = values["binlog_expire_logs_auto_purge"];
  if (absl::EqualsIgnoreCase(automatic, "OFF") || automatic == "0") {
    return absl::InfiniteDuration();
  }
  const double seconds = ToNumber(values["binlog_expire_logs_seconds"]);
  if (seconds > 0) return absl::Seconds(seconds);
  const double days = ToNumber(values["expire_logs_days"]);
  return days > 0 ? absl::Hours(24 * days) : absl::InfiniteDuration();
}

absl::StatusOr<BinlogInventory> ReadBinlogInventory(Connection& connection) {
  BinlogInventory inventory;
  DCP_ASSIGN_OR_RETURN(const Rows variables, connection.Query(kVariables));
  inventory.kept_for = KeptFor(variables);
  DCP_ASSIGN_OR_RETURN(const std::string now, connection.QueryValue("SELECT UNIX_TIMESTAMP()"));
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(now, &seconds)) {
    return absl::DataLossError(absl::StrCat("UNIX_TIMESTAMP() is '", now, "'"));
  }
  inventory.now = absl::FromUnixSeconds(seconds);
  DCP_ASSIGN_OR_RETURN(const Rows logs, connection.Query("SHOW BINARY LOGS"));
  for (const Row& row : logs) {
    if (row.size() < 2 || !row[0].has_value()) continue;
    BinlogInventory::File file{*row[0], 0};
    if (!absl::SimpleAtoi(row[1].value_or("0"), &file.size)) file.size = 0;
    inventory.files.push_back(std::move(file));
  }
  return inventory;
}

}  // namespace dcp::mysql
