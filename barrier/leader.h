// Leader takes part, for one dcp of several, in taking turns: over one session it
// watches the lease on the barrier row, takes it when it is free, and then writes a barrier
// every interval, until another dcp has the row. Where the session breaks it opens another.
//
// Thread-safe. Owns one thread. Start() and Stop() are called by one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "barrier/barrier_writer.h"
#include "barrier/leader_pulse.h"
#include "barrier/sql_executor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"

namespace dcp::barrier {

class Leader {
 public:
  using LogFunction = std::function<void(absl::string_view)>;

  // A time of being active.
  struct Term {
    uint64_t epoch = 0;
    uint64_t previous = 0;  // the epoch before it; 0: none
    // What the one before it left to go on from, byte for byte; empty: nothing.
    std::string handover;
  };

  // `clock` outlives it. `log` gets who is active, from this one's thread, and `warn` what goes
  // wrong, once each; never under a lock of this.
  Leader(const PulseOptions& pulse, std::string name, SqlOpener opener, const Clock* clock,
         LogFunction log, LogFunction warn);
  ~Leader();  // stops

  // REQUIRES: not started before.
  void Start();
  // Gives the lease back, where it is held and a session is there, with what was offered last, and
  // joins the thread. Takes as long as a statement in the worst case. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  // The present term, nullopt: standby.
  std::optional<Term> term() const ABSL_LOCKS_EXCLUDED(mu_);

  // Whether the term of `epoch` has not ended, so far as is known here.
  bool Holds(uint64_t epoch) const ABSL_LOCKS_EXCLUDED(mu_);

  // Whether nobody else can be active now. While the source cannot be reached the answer becomes
  // false, and true again if the lease is found as it was.
  bool Valid(uint64_t epoch) const ABSL_LOCKS_EXCLUDED(mu_);

  // To be stored with the next barrier, for the next term; replaces what was not stored yet.
  // Nothing happens when the term of `epoch` has ended.
  void Offer(uint64_t epoch, std::string handover) ABSL_LOCKS_EXCLUDED(mu_);
  // How often something that was offered in this term has been stored.
  uint64_t stored() const ABSL_LOCKS_EXCLUDED(mu_);

  // Of the barriers that this one writes.
  BarrierStatus status() const ABSL_LOCKS_EXCLUDED(mu_);

  // Another row than this one's has `epoch` for another dcp: the present term ends, unless that
  // one's is greater.
  void Outdone(uint64_t epoch) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status OpenSession() ABSL_LOCKS_EXCLUDED(mu_);
  void DropSession(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mu_);
  void TakeOutdone() ABSL_LOCKS_EXCLUDED(mu_);
  LeaderPulse::Step Step() ABSL_LOCKS_EXCLUDED(mu_);
  void NoteBarrier(uint64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SayWho();
  void GiveBack() ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const std::string name_;
  const SqlOpener opener_;
  const Clock* const clock_;
  const LogFunction log_, warn_;

  // The thread's own.
  LeaderPulse pulse_;
  std::unique_ptr<SqlExecutor> sql_;
  std::string warned_;    // said already
  std::string said_who_;  // likewise

  std::thread thread_;
  Stopper stopper_;
  mutable Mutex mu_;
  std::optional<Term> term_ ABSL_GUARDED_BY(mu_);
  absl::Duration valid_until_ ABSL_GUARDED_BY(mu_) = -absl::InfiniteDuration();
  std::optional<std::string> offered_ ABSL_GUARDED_BY(mu_);
  uint64_t stored_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t outdone_ ABSL_GUARDED_BY(mu_) = 0;  // 0: by none
  absl::Duration since_ ABSL_GUARDED_BY(mu_);  // the last barrier, or the start
  BarrierStatus status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::barrier
