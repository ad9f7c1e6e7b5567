// The lease on a barrier row, for several dcp of which one at a time writes barriers:
// what stands in drc.dcp_leader and drc.dcp_handover beside the barrier's row, and the
// transactions on them.
//
//   dcp_leader    id (the barrier row's), epoch, beat, interval_ms, name
//   dcp_handover  id, part, data: what a standby goes on from, in parts
//
// Who holds an epoch writes as long as that and its name stand in the row: each barrier is one
// transaction with `UPDATE dcp_leader … WHERE epoch = … AND name …`, which has to find the row.
// Under a name an epoch does not come again. So whoever sleeps, at whatever statement,
// writes nothing after another one has taken the row; and because the session ends after
// two intervals of silence, it holds no lock on the row for longer.
//
// Passive, stateless: functions on a session. Each transaction is whole or, with an
// error, of unknown outcome: drop the session and read the row again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "barrier/sql_executor.h"

namespace dcp::barrier {

// No more of one is read. REQUIRES of all that write one: no more is written.
inline constexpr size_t kMaxHandoverBytes = size_t{32} << 20;

// One row of drc.dcp_leader.
struct LeaseRow {
  uint64_t epoch = 0;
  uint64_t beat = 0;  // grows with each barrier of an epoch
  absl::Duration interval;
  std::string name;  // of the holder; empty: given back

  friend bool operator==(const LeaseRow&, const LeaseRow&) = default;
};

// Who writes.
struct LeaseHolder {
  uint32_t id = 1;   // of the barrier row
  std::string name;  // 64 bytes at most
  absl::Duration interval;
};

// How long a holder's lease stands without a beat, and a session of it without a word.
inline absl::Duration LeaseTime(absl::Duration interval) { return 2 * interval; }

// Makes a new session end, by the server, after about LeaseTime of silence (in whole seconds, one
// at least), and wait no longer than that for a row's lock.
absl::Status LimitSession(SqlExecutor* sql, absl::Duration interval);

// The tables, where they are missing.
//   kPermissionDenied  the message is the server's
absl::Status CreateLeaseTables(SqlExecutor* sql);

// nullopt: nobody has ever held it.
absl::StatusOr<std::optional<LeaseRow>> ReadLease(SqlExecutor* sql, uint32_t id);

// Of a transaction under an epoch.
struct LeaseWrite {
  // False: another one has the row, or took it since it was read. Nothing was written.
  bool held = false;
  uint64_t offset = 0;   // of the barrier that was written; 0: none was
  std::string handover;  // TakeLease only: what stands there; empty: nothing
};

// Makes `epoch` the row's and writes a barrier, if `seen` (nullopt: no row) is still what
// stands there. REQUIRES: epoch > seen->epoch
absl::StatusOr<LeaseWrite> TakeLease(SqlExecutor* sql, const LeaseHolder& holder,
                                     const std::optional<LeaseRow>& seen, uint64_t epoch);

// Makes `epoch` the row's, where a smaller one stands. For the rows of a holder but the one that
// makes it the holder.
//   held = false  a greater one stands there
absl::StatusOr<LeaseWrite> ClaimLease(SqlExecutor* sql, const LeaseHolder& holder, uint64_t epoch);

// Writes a barrier under `epoch`, and `handover` with it, unless null.
absl::StatusOr<LeaseWrite> WriteUnderLease(SqlExecutor* sql, const LeaseHolder& holder,
                                           uint64_t epoch, const std::string* handover);

// Gives the row back, so that another one need not wait; `handover` with it, unless null. Writes
// no barrier.
absl::StatusOr<LeaseWrite> GiveLeaseBack(SqlExecutor* sql, const LeaseHolder& holder,
                                         uint64_t epoch, const std::string* handover);

}  // namespace dcp::barrier
