// SignalWatch: pauses that a signal ends.
#pragma once

#include <atomic>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/stopper.h"
#include "cmd/dcp/stop_signal.h"

namespace dcp::cmd {

class SignalWatch {
 public:
  // Both outlive it.
  SignalWatch(StopSignal& signal, const Clock& clock)
      : clock_(clock), thread_([this, &signal] {
          while (!done_) {
            if (signal.Wait(absl::Milliseconds(100))) return stopper_.Stop();
          }
        }) {}
  ~SignalWatch() {
    done_ = true;
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Thread-safe.
  //   kCancelled  the signal came, now or before: end
  absl::Status Pause(absl::Duration time) {
    return stopper_.Pause(time, clock_) ? absl::OkStatus() : absl::CancelledError("stopped");
  }

 private:
  const Clock& clock_;
  Stopper stopper_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace dcp::cmd
