// Clock: the only source of time. Passive parts take `absl::Time` arguments;
// active loops hold a Clock&, so that tests own the time.
//
// Two clocks, two uses: Now() is the wall clock, for showing; Monotonic() is
// for measuring and never jumps.
//
// Thread-safe.
#pragma once

#include "absl/time/time.h"
#include "base/mutex.h"

namespace dcp {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() const = 0;

  // Time since an arbitrary fixed point; never goes back.
  virtual absl::Duration Monotonic() const = 0;

  // Waits for `changed`, for `limit` of Monotonic() at most. Wakes spuriously too.
  virtual void WaitFor(CondVar& changed, Mutex& mu, absl::Duration limit) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    changed.WaitFor(mu, limit);
  }

  // The system's clock. Never destroyed.
  static const Clock& Real();
};

}  // namespace dcp
