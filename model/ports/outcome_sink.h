// OutcomeSink: where the checker puts what it says. Implemented by alarm/.
// Thread-safe.
#pragma once

#include "absl/status/status.h"
#include "model/pair_state.h"

namespace dcp::model {

class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;

  // Completes `report` (its notes, keys as they may be shown). Returns when all of it is stored; no
  // delivery is waited for. Waits while it cannot be stored, which it says itself: what was not
  // stored must not be forgotten.
  //   kCancelled  stopped; nothing of it is stored, and it will be found out anew by
  //               the next run of the program
  virtual absl::Status Put(Report& report) = 0;
};

}  // namespace dcp::model
