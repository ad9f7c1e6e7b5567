#include "cmd/dcp/stop_signal.h"

#include <csignal>

#include "cmd/dcp/log.h"

namespace dcp::cmd {
namespace {

sigset_t WaitSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = WaitSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool StopSignal::Wait(absl::Duration timeout) {
  if (requested_) return true;
  const sigset_t set = WaitSet();
  const timespec limit = absl::ToTimespec(timeout);
  const int signal = sigtimedwait(&set, nullptr, &limit);
  if (signal == SIGHUP && takes_reloads_) {
    reload_ = true;
  } else if (signal == SIGHUP) {
    LogWarning(
        "SIGHUP: this dcp does not reload its configuration; restart it to use a changed file");
  } else if (signal > 0) {
    requested_ = true;
  }
  return requested_;
}

}  // namespace dcp::cmd
