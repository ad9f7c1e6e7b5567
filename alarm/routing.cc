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

// `since_midnight` of the day that `day` begins; a time that the clocks leave out
// is the moment of the jump.
absl::Time At(absl::CivilDay day, absl::Duration since_midnight, const absl::TimeZone& zone) {
  const absl::CivilSecond second = absl::CivilSecond(day) + absl::ToInt64Seconds(since_midnight);
  return absl::FromCivil(second, zone);
}

// The end of the quiet time that begins on `day` and holds `now`; nothing if it
// does not.
std::optional<absl::Time> EndOf(const QuietHours& quiet, absl::CivilDay day, absl::Time now,
                                const absl::TimeZone& zone) {
  const absl::Time begin = At(day, quiet.begin, zone);
  const absl::Time end = At(quiet.end > quiet.begin ? day : day + 1, quiet.end, zone);
  if (now < begin || now >= end) return std::nullopt;
  return end;
}

// The end of what holds `now`, `now` if nothing does.
absl::Time EndOfQuiet(const Routing& routing, absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, routing.zone);
  absl::Time latest = now;
  for (const QuietHours& quiet : routing.quiet) {
    for (absl::CivilDay day : {today - 1, today}) {
      if (auto end = EndOf(quiet, day, now, routing.zone)) latest = std::max(latest, *end);
    }
  }
  return latest;
}

}  // namespace

bool Wants(const Routing& routing, const Alarm& alarm) {
  if (!routing.types.Contains(alarm.type)) return false;
  if (!routing.checks.empty() && !AnyMatches(routing.checks, alarm.check)) return false;
  return WantsTables(routing, alarm) && WantsKinds(routing, alarm);
}

// Quiet times may follow on each other without a gap; when they fill the day, the
// end of one round of them is as good as any.
absl::Time QuietUntil(const Routing& routing, absl::Time now) {
  absl::Time until = now;
  for (size_t i = 0; i <= routing.quiet.size(); ++i) {
    const absl::Time end = EndOfQuiet(routing, until);
    if (end == until) break;
    until = end;
  }
  return until;
}

}  // namespace dcp::alarm
