// Backoff: how long to wait before the next attempt. Doubles from `first` to
// `last`. Thread-compatible.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace dcp::alarm {

class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration last) : first_(first), last_(last) {}

  absl::Duration Next() {
    next_ = next_ == absl::ZeroDuration() ? first_ : std::min(next_ * 2, last_);
    return next_;
  }
  void Reset() { next_ = absl::ZeroDuration(); }

 private:
  const absl::Duration first_, last_;
  absl::Duration next_ = absl::ZeroDuration();
};

}  // namespace dcp::alarm
