// LeaseGate stands between the checks and the sink of what they say, where several dcp take turns:
// nothing is said while another one may be active.
//
// Thread-safe.
#pragma once

#include "absl/status/status.h"
#include "barrier/leader.h"
#include "base/clock.h"
#include "base/stopper.h"
#include "model/ports/outcome_sink.h"

namespace dcp::cmd {

class LeaseGate final : public model::OutcomeSink {
 public:
  // All outlive it. `epoch`: of the term.
  LeaseGate(const barrier::Leader& leader, uint64_t epoch, model::OutcomeSink& next,
            const Clock& clock)
      : leader_(leader), epoch_(epoch), next_(next), clock_(clock) {}

  // Waits while the lease is not known to be held.
  //   kCancelled  the term has ended, or GiveUpWaiting() was called; else as of `next`
  absl::Status Put(model::Report& report) override {
    while (!leader_.Valid(epoch_)) {
      if (!leader_.Holds(epoch_)) return absl::CancelledError("another dcp is active");
      if (!patience_.Pause(absl::Milliseconds(20), clock_)) {
        return absl::CancelledError("stopped while the lease was not known to be held");
      }
    }
    return next_.Put(report);
  }

  // Put() waits no more. Idempotent.
  void GiveUpWaiting() { patience_.Stop(); }

 private:
  const barrier::Leader& leader_;
  const uint64_t epoch_;
  model::OutcomeSink& next_;
  const Clock& clock_;
  Stopper patience_;
};

}  // namespace dcp::cmd
