// Stopper: lets a thread pause until it is told to stop.
//
// Thread-safe.
#pragma once

#include <atomic>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace dcp {

class Stopper {
 public:
  // For good. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    stopped_ = true;
    stop_came_.NotifyAll();
  }

  bool stopped() const { return stopped_; }

  // Returns when `clock` has come to this monotonic time, true, or a stop, false.
  bool PauseUntil(absl::Duration monotonic, const Clock& clock) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    while (!stopped_) {
      const absl::Duration left = monotonic - clock.Monotonic();
      if (left <= absl::ZeroDuration()) return true;
      clock.WaitFor(stop_came_, mu_, left);
    }
    return false;
  }
  bool Pause(absl::Duration time, const Clock& clock) ABSL_LOCKS_EXCLUDED(mu_) {
    return PauseUntil(clock.Monotonic() + time, clock);
  }

 private:
  Mutex mu_;
  CondVar stop_came_;
  std::atomic<bool> stopped_{false};  // written under mu_
};

}  // namespace dcp
