// DiffSpill: where the rows of a diff go that has more of them than its alarm
// shows. Implemented by alarm/.
//
// Thread-safe over checks; a check writes one diff after the other.
#pragma once

#include <string>

#include "model/verdict.h"

namespace dcp::model {

class DiffSpill {
 public:
  virtual ~DiffSpill() = default;

  // Appends `row` to the file of the diff alarm with this id, and returns the
  // file's name; "" where it could not be written (said elsewhere).
  virtual std::string Add(const std::string& alarm_id, const RowDiff& row) = 0;
};

}  // namespace dcp::model
