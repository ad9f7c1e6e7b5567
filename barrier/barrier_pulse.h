// BarrierPulse decides what the barrier writer does and when. Passive: no thread and
// no clock of its own; the caller tells the monotonic time and waits.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "barrier/barrier_table.h"
#include "barrier/lease_rows.h"
#include "barrier/sql_executor.h"
#include "base/backoff.h"

namespace dcp::barrier {

// Barriers are written under an epoch only (barrier/lease_rows.h).
struct PulseLease {
  uint64_t epoch = 0;
  std::string name;  // of its holder
  // Called with a greater epoch that stands in the row: none is written any more.
  std::function<void(uint64_t epoch)> outdone;
};

struct PulseOptions {
  uint32_t id = kDefaultId;
  absl::Duration interval = absl::Seconds(2);
  Backoff::Options reconnect;
  std::string user = "'dcp'@'%'";  // as it stands in a GRANT
  std::optional<PulseLease> lease = std::nullopt;
};

class BarrierPulse {
 public:
  explicit BarrierPulse(const PulseOptions& options)
      : options_(options), backoff_(options.reconnect) {}

  // Makes a new session ready: binlog_format = ROW where it is not, and the row, with its
  // table and database where they are missing (a table that is there needs no
  // privilege to create one).
  //   kPermissionDenied  names the statement and the grant that is missing
  //   kAborted           the row is under a greater epoch
  //   others             as of SqlExecutor
  absl::Status Prepare(SqlExecutor* sql) const;

  struct Step {
    bool wrote = false;
    // Of a barrier that was due; the session is to be dropped if it is an error.
    absl::Status status;
    absl::Duration wake_at;  // when to call again
  };

  // Adds one to the row's offset if that is due at `now`. Barriers that were missed
  // are not made up for. REQUIRES: Prepare(sql) succeeded.
  Step Run(SqlExecutor* sql, absl::Duration now);

  // No session came about: when to try again.
  absl::Duration RetryAt(absl::Duration now) { return now + backoff_.Next(); }

  // The offset written last; 0: none yet.
  uint64_t last_offset() const { return last_offset_; }

 private:
  absl::Status UseRowFormat(SqlExecutor* sql) const;
  absl::Status CreateTable(SqlExecutor* sql) const;
  absl::Status Execute(SqlExecutor* sql, absl::string_view statement) const;
  absl::Status Explain(const absl::Status& status, absl::string_view statement) const;
  absl::StatusOr<uint64_t> Write(SqlExecutor* sql) const;
  absl::Status PrepareRow(SqlExecutor* sql) const;
  LeaseHolder holder() const;
  absl::Status Claim(SqlExecutor* sql) const;
  absl::StatusOr<uint64_t> WriteUnder(SqlExecutor* sql) const;
  absl::Status Outdone(SqlExecutor* sql) const;

  const PulseOptions options_;
  Backoff backoff_;
  absl::Duration due_ = -absl::InfiniteDuration();  // of the next barrier
  uint64_t last_offset_ = 0;
};

}  // namespace dcp::barrier
