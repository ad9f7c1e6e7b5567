#include "verifier/throttle.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::verifier {

Throttle::Throttle(const LoadLimits& limits, std::vector<LoadProbe> probes, const Clock& clock,
                   const Pause& pause, std::function<void(const std::string&)> say)
    : limits_(limits),
      probes_(std::move(probes)),
      clock_(clock),
      pause_(pause),
      say_(std::move(say)),
      next_read_(clock.Monotonic()),
      next_ask_(clock.Monotonic()) {}

absl::Status Throttle::Admit() {
  DCP_RETURN_IF_ERROR(AwaitRate());
  return AwaitIdle();
}

void Throttle::Read(uint64_t rows) {
  if (limits_.rows_per_second == 0) return;
  // What was not read in a pause is not made up for.
  next_read_ =
      std::max(next_read_, clock_.Monotonic() - limits_.ask_every) +
      absl::Seconds(static_cast<double>(rows) / static_cast<double>(limits_.rows_per_second));
}

absl::Status Throttle::AwaitRate() {
  const absl::Duration wait = next_read_ - clock_.Monotonic();
  return wait > absl::ZeroDuration() ? pause_(wait) : absl::OkStatus();
}

absl::Status Throttle::AwaitIdle() {
  if (limits_.threads_running == 0 || clock_.Monotonic() < next_ask_) return absl::OkStatus();
  const absl::Duration begin = clock_.Monotonic();
  bool paused = false;
  for (std::string busy = Busy(); !busy.empty(); busy = Busy()) {
    if (!paused) say_(absl::StrCat("paused: ", busy));
    paused = true;
    DCP_RETURN_IF_ERROR(pause_(limits_.ask_every));
  }
  next_ask_ = clock_.Monotonic() + limits_.ask_every;
  if (paused) {
    const absl::Duration took = clock_.Monotonic() - begin;
    say_(absl::StrCat("goes on after ", absl::FormatDuration(absl::Trunc(took, absl::Seconds(1)))));
  }
  return absl::OkStatus();
}

std::string Throttle::Busy() const {
  for (const LoadProbe& probe : probes_) {
    const absl::StatusOr<uint64_t> threads = probe.threads_running();
    if (!threads.ok() || *threads <= limits_.threads_running) continue;
    return absl::StrCat(probe.server, " has ", *threads, " threads running, more than ",
                        limits_.threads_running);
  }
  return "";
}

}  // namespace dcp::verifier
