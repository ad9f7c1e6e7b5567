#include "model/day_hours.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace dcp::model {
namespace {

absl::Time At(absl::CivilDay day, absl::Duration since_midnight, const absl::TimeZone& zone) {
  return absl::FromCivil(absl::CivilSecond(day) + absl::ToInt64Seconds(since_midnight), zone);
}

// Of the span that begins on `day`.
std::optional<absl::Time> EndOf(const DayHours& hours, absl::CivilDay day,
                                const absl::TimeZone& zone, absl::Time now) {
  const absl::Time begin = At(day, hours.begin, zone);
  const absl::Time end = At(hours.end > hours.begin ? day : day + 1, hours.end, zone);
  if (now < begin || now >= end) return std::nullopt;
  return end;
}

}  // namespace

std::optional<absl::Time> EndOf(absl::Span<const DayHours> hours, const absl::TimeZone& zone,
                                absl::Time now) {
  const absl::CivilDay today = absl::ToCivilDay(now, zone);
  std::optional<absl::Time> latest;
  for (const DayHours& one : hours) {
    for (const absl::CivilDay day : {today - 1, today}) {
      if (const auto end = EndOf(one, day, zone, now))
        latest = std::max(latest.value_or(*end), *end);
    }
  }
  return latest;
}

}  // namespace dcp::model
