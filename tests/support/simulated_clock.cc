#include "tests/support/simulated_clock.h"

namespace dcp::test {

absl::Time SimulatedClock::Now() const {
  MutexLock lock(mu_);
  return now_;
}

absl::Duration SimulatedClock::Monotonic() const {
  MutexLock lock(mu_);
  return monotonic_;
}

void SimulatedClock::Advance(absl::Duration by) {
  MutexLock lock(mu_);
  now_ += by;
  monotonic_ += by;
}

}  // namespace dcp::test
