// SegmentHistory: the verdicts that were said last. Implemented by cmd/.
//
// Thread-safe. Waits for nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "model/daemon_status.h"

namespace dcp::model {

class SegmentHistory {
 public:
  virtual ~SegmentHistory() = default;

  struct Answer {
    std::vector<SegmentActivity> segments;  // in the order of their numbers
    bool complete = true;                   // false: some between are not known any more
  };
  virtual Answer After(uint64_t number) const = 0;
};

}  // namespace dcp::model
