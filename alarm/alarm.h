// Alarms out of outcomes: rendered once, for all sinks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "alarm/masking.h"
#include "model/alarm.h"
#include "model/alarm_type.h"
#include "model/verdict.h"

namespace dcp::alarm {

using Alarm = model::Alarm;

// The types that `outcome` is told as: one, or kDiff and kUnverified for a verdict
// that found a difference and could not see everything.
model::AlarmTypes TypesOf(const model::Outcome& outcome);

// The alarms of `outcome`, in the order of model::AlarmType. Pure.
std::vector<Alarm> MakeAlarms(const model::Outcome& outcome, const Rendering& renderer);

// How loud a line for people is.
enum class Level { kInfo, kWarning, kError };
using LogFunction = std::function<void(Level, absl::string_view line)>;

}  // namespace dcp::alarm
