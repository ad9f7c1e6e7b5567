#include "tests/support/eventually.h"

#include "base/clock.h"
#include "base/mutex.h"

namespace dcp::test {

bool Eventually(const std::function<bool()>& condition, absl::Duration limit) {
  const absl::Duration end = Clock::Real().Monotonic() + limit;
  Mutex mu;
  CondVar never;
  while (!condition()) {
    if (Clock::Real().Monotonic() > end) return condition();
    MutexLock lock(mu);
    never.WaitFor(mu, absl::Milliseconds(1));
  }
  return true;
}

}  // namespace dcp::test
