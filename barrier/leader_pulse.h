// LeaderPulse decides what one of several dcp that take turns does with the lease on the
// barrier row, and when. Passive: no thread of its own; the caller waits and connects.
//
//   standby --(the lease ran out, or was given back: TakeLease)--> active
//   active  --(a barrier finds another epoch in the row)---------> standby
//
// Whoever is active writes barriers. What it says counts while valid_until() is not
// past: then nobody else can have become active. A session that breaks changes neither
// the role nor that; whoever was active goes on under its epoch if that still stands in the row.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "barrier/barrier_pulse.h"
#include "barrier/lease_rows.h"
#include "barrier/lease_watch.h"
#include "barrier/sql_executor.h"
#include "base/backoff.h"
#include "base/clock.h"

namespace dcp::barrier {

class LeaderPulse {
 public:
  // `pulse`: the barrier's. `name`: for people, 64 bytes at most. `clock` outlives it.
  LeaderPulse(const PulseOptions& pulse, std::string name, const Clock* clock);

  // Makes a new session ready: as BarrierPulse::Prepare, and the tables of the lease.
  absl::Status Prepare(SqlExecutor* sql) const;

  struct Step {
    bool wrote = false;      // a barrier
    bool took = false;       // active from here on
    bool lost = false;       // standby from here on
    bool handed = false;     // the handover stands there
    absl::Status status;     // the session is to be dropped if it is an error
    absl::Duration wake_at;  // when to call again
    uint64_t previous = 0;   // took: the epoch before; 0: none
    std::string handover;    // took: what to go on from; empty: nothing
  };

  // What is due now. `handover`: to be written with the next barrier, unless null.
  // REQUIRES: Prepare(sql) succeeded.
  Step Run(SqlExecutor* sql, const std::string* handover);

  // Gives the lease back, with `handover` unless null, if it is held. Standby from here on.
  absl::Status GiveBack(SqlExecutor* sql, const std::string* handover);

  // There is no session: when to try again.
  absl::Duration NoSession();

  // Another row says that `epoch` is taken: an epoch of this one's is greater from here on, and it
  // is standby.
  void Outdone(uint64_t epoch);

  bool active() const { return epoch_ != 0; }
  uint64_t epoch() const { return epoch_; }  // 0: standby
  // Monotonic.
  absl::Duration valid_until() const { return valid_until_; }
  // The offset written last; 0: none yet.
  uint64_t last_offset() const { return last_offset_; }
  // A standby's: what it knows of the holder.
  const LeaseWatch& watch() const { return watch_; }

 private:
  Step Write(SqlExecutor* sql, const std::string* handover);
  Step Watch(SqlExecutor* sql);
  Step Take(SqlExecutor* sql);
  Step Failed(const absl::Status& status);
  void Begin(uint64_t epoch, absl::Duration asked_at);
  void End();
  absl::Status Explain(const absl::Status& status) const;

  const PulseOptions options_;
  const LeaseHolder holder_;
  const Clock* const clock_;
  const BarrierPulse barrier_;
  Backoff backoff_;
  LeaseWatch watch_;
  uint64_t epoch_ = 0;
  uint64_t floor_ = 0;  // epochs up to it are taken, or were
  absl::Duration valid_until_ = -absl::InfiniteDuration();
  absl::Duration due_ = -absl::InfiniteDuration();  // of the next barrier
  uint64_t last_offset_ = 0;
};

}  // namespace dcp::barrier
