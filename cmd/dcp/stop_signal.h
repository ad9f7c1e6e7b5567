// StopSignal: SIGTERM and SIGINT as something to wait for. SIGHUP is answered in
// the log, SIGPIPE is ignored.
//
// Construct it in main(), before any thread starts: threads inherit the mask.
// Wait() is for one thread; requested() for any.
#pragma once

#include <atomic>

#include "absl/time/time.h"

namespace dcp::cmd {

class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // True once a signal has come; waits for one up to `timeout`.
  bool Wait(absl::Duration timeout);
  bool requested() const { return requested_.load(); }
  const std::atomic<bool>& flag() const { return requested_; }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace dcp::cmd
