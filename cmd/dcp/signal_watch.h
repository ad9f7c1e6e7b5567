// Gives a signal on to a Stopper, as long as it lives.
#pragma once

#include <atomic>
#include <thread>

#include "absl/time/time.h"
#include "base/stopper.h"
#include "cmd/dcp/stop_signal.h"

namespace dcp::cmd {

class SignalWatch {
 public:
  SignalWatch(StopSignal& signal, Stopper& stopper)
      : thread_([this, &signal, &stopper] {
          while (!done_) {
            if (signal.Wait(absl::Milliseconds(100))) return stopper.Stop();
          }
        }) {}
  ~SignalWatch() {
    done_ = true;
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace dcp::cmd
