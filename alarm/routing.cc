#include "alarm/routing.h"

#include <algorithm>

#include "model/wildcard.h"

namespace dcp::alarm {
namespace {

bool AnyMatches(const std::vector<std::string>& patterns, absl::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return model::MatchesWildcard(pattern, text);
  });
}

bool WantsTables(const Routing& routing, const Alarm& alarm) {
  if (routing.tables.empty() || alarm.tables.empty()) return true;
  return std::any_of(alarm.tables.begin(), alarm.tables.end(),
                     [&](const std::string& table) { return AnyMatches(routing.tables, table); });
}

bool WantsKinds(const Routing& routing, const Alarm& alarm) {
  if (routing.kinds.empty() || alarm.kinds.empty()) return true;
  return std::find_first_of(alarm.kinds.begin(), alarm.kinds.end(), routing.kinds.begin(),
                            routing.kinds.end()) != alarm.kinds.end();
}

bool WantsSeverity(const Routing& routing, const Alarm& alarm, model::Severity severity) {
  if (routing.severities.empty() || alarm.type == model::AlarmType::kResolved) return true;
  return std::find(routing.severities.begin(), routing.severities.end(), severity) !=
         routing.severities.end();
}

}  // namespace

bool Wants(const Routing& routing, const Alarm& alarm, model::Severity severity) {
  if (!routing.types.Contains(alarm.type)) return false;
  if (!routing.checks.empty() && !AnyMatches(routing.checks, alarm.check)) return false;
  return WantsTables(routing, alarm) && WantsKinds(routing, alarm) &&
         WantsSeverity(routing, alarm, severity);
}

// Quiet times may follow on each other without a gap; when they fill the day, the
// end of one round of them is as good as any.
absl::Time QuietUntil(const Routing& routing, absl::Time now) {
  absl::Time until = now;
  for (size_t i = 0; i <= routing.quiet.size(); ++i) {
    const auto end = model::EndOf(routing.quiet, routing.zone, until);
    if (!end) break;
    until = *end;
  }
  return until;
}

}  // namespace dcp::alarm
