// Routing: which alarms a sink gets, and when. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "alarm/alarm.h"
#include "model/alarm_type.h"
#include "model/day_hours.h"
#include "model/severity.h"
#include "model/verdict.h"

namespace dcp::alarm {

struct Routing {
  model::AlarmTypes types = model::AlarmTypes::Default();
  // Empty: all. Wildcards as in model/wildcard.h.
  std::vector<std::string> checks = {};
  std::vector<std::string> tables = {};
  // Of a diff's rows. Empty: all.
  std::vector<model::DiffKind> kinds = {};
  // Empty: all. What ends alarms passes.
  std::vector<model::Severity> severities = {};
  // Of one check: alarms that come within it are given together behind it. Zero:
  // each alarm by itself.
  absl::Duration min_interval = absl::ZeroDuration();
  // Then alarms wait for their end.
  std::vector<model::DayHours> quiet = {};
  absl::TimeZone zone = absl::UTCTimeZone();
};

// True if a sink with this routing is to get the alarm: if its type, check and severity are
// wanted and one of its tables and one of its kinds are. What concerns no table in
// particular concerns all; what has no kind passes; and so does what ends other alarms, whatever
// its severity.
bool Wants(const Routing& routing, const Alarm& alarm, model::Severity severity);

// When alarms may be given again: `now` outside quiet hours.
absl::Time QuietUntil(const Routing& routing, absl::Time now);

}  // namespace dcp::alarm
