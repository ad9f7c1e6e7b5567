// Telling: what of a report becomes alarms, and what is noted of its findings. A row that
// somebody said to ignore is counted, not shown; where nothing of an alarm is left that a person
// is to see, the alarm is quiet: it goes only to sinks that take every verdict (`same` too).
#pragma once

#include <vector>

#include "alarm/alarm.h"
#include "alarm/masking.h"
#include "model/pair_state.h"
#include "model/ports/finding_marks.h"
#include "model/severity.h"

namespace dcp::alarm {

struct Told {
  Alarm alarm;
  bool quiet = false;
  model::Severity severity = model::Severity::kInfo;
};

// Completes `report`: with its notes, and with keys as they may be shown. `marks` may be null:
// nobody said anything; where it cannot be read, everything is told, and `log` gets why.
std::vector<Told> Tell(const Rendering& rendering, model::FindingMarks* marks,
                       const LogFunction& log, model::Report* report);

}  // namespace dcp::alarm
