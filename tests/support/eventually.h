// Waiting for what another thread does: for a condition, never for a while.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace dcp::test {

// True once `condition` holds; asks it again and again, for `limit` at most.
bool Eventually(const std::function<bool()>& condition, absl::Duration limit = absl::Seconds(60));

}  // namespace dcp::test
