// DayHours: hours of every day by the clock of a time zone, such as 22:00 to 07:00.
//
// Each day's hours are one span of time, from when that clock first shows `begin` to when it next
// first shows `end`. Where clocks go forward over one of the two, it is the moment of the jump;
// where they go back over it, the first of the two times that it is shown. Pure.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace dcp::model {

// Both as time since midnight; over midnight when `end` is not behind `begin`.
struct DayHours {
  absl::Duration begin;
  absl::Duration end;

  friend bool operator==(const DayHours&, const DayHours&) = default;
};

// When the span that holds `now` ends, the latest where several do; nothing if none does.
std::optional<absl::Time> EndOf(absl::Span<const DayHours> hours, const absl::TimeZone& zone,
                                absl::Time now);

}  // namespace dcp::model
