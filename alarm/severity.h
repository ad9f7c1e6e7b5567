// How severe an alarm is: by what it says, and at most what its check allows. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "model/alarm_type.h"
#include "model/severity.h"
#include "model/verdict.h"

namespace dcp::alarm {

// By name of a check or job: the highest severity that its alarms have. Others have any.
using SeverityLimits = std::map<std::string, model::Severity, std::less<>>;

// Of an alarm of `type` of the check `check`; docs/alarms.md has the table. `verdict` is what it
// tells, null for what is no verdict. REQUIRES: `verdict` for kDiff
model::Severity SeverityOf(absl::string_view check, model::AlarmType type,
                           const model::Verdict* verdict, const SeverityLimits& limits);

}  // namespace dcp::alarm
