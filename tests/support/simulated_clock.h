// A clock that a test owns. Thread-safe.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

namespace dcp::test {

class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(absl::Time now = absl::FromUnixSeconds(1'700'000'000)) : now_(now) {}

  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
  void Advance(absl::Duration by);

 private:
  mutable Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_);
  absl::Duration monotonic_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::test
