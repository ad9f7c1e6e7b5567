// Retention: how long what was said is kept.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace dcp::state {

struct Retention {
  // Older ones are deleted, but never one of the newest `min_count`: a clock that
  // jumps does not delete what is new. Age is measured against the newest report.
  absl::Duration age = absl::Hours(24 * 30);
  int64_t min_count = 10'000;
  int64_t max_count = 1'000'000;
  // Of what is kept for who watches.
  int64_t max_told = 100'000;
  int64_t max_told_bytes = int64_t{64} << 20;
};

}  // namespace dcp::state
