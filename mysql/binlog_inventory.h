// BinlogInventory: which binlogs a server still has, and how long it keeps them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysql/connection.h"

namespace dcp::mysql {

struct BinlogInventory {
  struct File {
    std::string name;
    uint64_t size = 0;
  };
  std::vector<File> files;  // the oldest first; the last one is being written
  // The server purges a binlog so long after its last change; infinite: not by age.
  absl::Duration kept_for = absl::InfiniteDuration();
  absl::Time now;  // by the server's clock
};

// Needs REPLICATION CLIENT (BINLOG MONITOR). Errors: the connection's.
absl::StatusOr<BinlogInventory> ReadBinlogInventory(Connection& connection);

// Pure: what the variables binlog_expire_logs_seconds, expire_logs_days and
// binlog_expire_logs_auto_purge come to; `variables` are rows of name and value.
absl::Duration KeptFor(const Rows& variables);

}  // namespace dcp::mysql
