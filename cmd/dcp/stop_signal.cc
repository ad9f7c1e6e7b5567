#include "cmd/dcp/stop_signal.h"

#include <csignal>

namespace dcp::cmd {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = StopSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool StopSignal::Wait(absl::Duration timeout) {
  if (requested_) return true;
  const sigset_t set = StopSet();
  const timespec limit = absl::ToTimespec(timeout);
  if (sigtimedwait(&set, nullptr, &limit) > 0) requested_ = true;
  return requested_;
}

}  // namespace dcp::cmd
