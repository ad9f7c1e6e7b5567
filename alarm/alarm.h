// Alarm: one thing to tell a person or a program, rendered once for all sinks.
// docs/alarms.md explains every type and field; docs/alarm.schema.json is the
// JSON's schema.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/alarm_type.h"
#include "model/ports/row_renderer.h"
#include "model/verdict.h"

namespace dcp::alarm {

struct Alarm {
  model::AlarmType type = model::AlarmType::kSame;
  std::string id;    // unique per alarm, stable over redelivery
  std::string json;  // one object in one line, without a line end
  std::string text;  // one line for people
};

// The types that `outcome` is told as: one, or kDiff and kUnverified for a verdict
// that found a difference and could not see everything.
model::AlarmTypes TypesOf(const model::Outcome& outcome);

// The alarms of `outcome`, in the order of model::AlarmType. Pure.
std::vector<Alarm> MakeAlarms(const model::Outcome& outcome, const model::RowRenderer& renderer);

// How loud a line for people is.
enum class Level { kInfo, kWarning, kError };
using LogFunction = std::function<void(Level, absl::string_view line)>;

}  // namespace dcp::alarm
