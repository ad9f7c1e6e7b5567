// StopSignal: SIGTERM and SIGINT as something to wait for. SIGHUP asks for a reload, where one is
// taken up, and is answered in the log otherwise; SIGPIPE is ignored.
//
// Construct it in main(), before any thread starts: threads inherit the mask.
// Wait() is for one thread; requested() for any.
#pragma once

#include <atomic>
#include <utility>

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

  // From here on SIGHUP ends a Wait() early, and TakeReload() tells of it. Of the waiting thread.
  void TakeUpReloads() { takes_reloads_ = true; }
  // Whether one was asked for since the last call.
  bool TakeReload() { return std::exchange(reload_, false); }

 private:
  std::atomic<bool> requested_{false};
  bool takes_reloads_ = false;
  bool reload_ = false;
};

}  // namespace dcp::cmd
