// OutcomeSink: where the checker puts what it says. Implemented by alarm/ (and
// later by state/). Thread-safe. Calls return at once: a slow consumer never
// holds up checking.
#pragma once

#include "model/verdict.h"

namespace dcp::model {

class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  virtual void Put(const Outcome& outcome) = 0;
};

}  // namespace dcp::model
