// CronSchedule: the starts that a cron expression means in a time zone.
//
//   minute (0-59)  hour (0-23)  day of month (1-31)  month (1-12, jan-dec)  weekday (0-7, sun-sat)
//
// A field is a list of numbers, ranges `a-b` and `*`, the last two with a step `/n` if need be. 0
// and 7 are Sunday. Where both days are restricted (neither begins with `*`), either is enough.
// "@hourly", "@daily", "@weekly" and "@monthly" are short for such expressions.
//
// Where clocks are changed: an expression whose hour begins with `*` follows the time that passes:
// it starts in both of two hours of the same name, and not in one that does not exist. Any other
// starts once: at the first of two such times, and in place of a time that does not exist at the
// moment of the change.
//
// A value. Pure.
#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace dcp::model {

class CronSchedule {
 public:
  // kInvalidArgument  says what was expected, worded to follow "<key> "
  static absl::StatusOr<CronSchedule> Parse(absl::string_view text);

  // The first start behind `after`; nullopt: none within the next 30 years (30 February).
  std::optional<absl::Time> Next(absl::Time after, const absl::TimeZone& zone) const;

  // Of a start: the time of the zone that the expression means and that does not exist, such as
  // "2026-03-29 02:30"; empty: it does.
  std::string MissingTime(absl::Time start, const absl::TimeZone& zone) const;

  bool Matches(absl::CivilMinute minute) const;

  friend bool operator==(const CronSchedule&, const CronSchedule&) = default;

 private:
  bool MatchesDay(absl::CivilDay day) const;
  // The first start of a day behind `after`. A plain day has 24 hours, and each of its minutes
  // once.
  std::optional<absl::Time> NextOfPlainDay(absl::Time midnight, absl::Time after) const;
  std::optional<absl::Time> NextOfOddDay(absl::CivilDay day, absl::Time after,
                                         const absl::TimeZone& zone) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // from Sunday on
  bool any_hour_ = false, any_day_ = false, any_weekday_ = false;
};

}  // namespace dcp::model
