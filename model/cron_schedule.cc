#include "model/cron_schedule.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "base/status.h"

namespace dcp::model {
namespace {

constexpr int kYears = 30;

constexpr absl::string_view kMonthNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                             "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr absl::string_view kDayNames[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldForm {
  absl::string_view name;
  int first, last;
  absl::Span<const absl::string_view> words = {};  // of first, first + 1, ...
};
constexpr FieldForm kMinute = {"minute", 0, 59};
constexpr FieldForm kHour = {"hour", 0, 23};
constexpr FieldForm kDay = {"day of the month", 1, 31};
constexpr FieldForm kMonth = {"month", 1, 12, kMonthNames};
constexpr FieldForm kWeekday = {"weekday", 0, 7, kDayNames};

absl::Status Expected(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("must be a cron expression such as \"0 3 * * *\" (minute, hour, day of the "
                   "month, month, weekday): ",
                   why));
}

std::optional<int> ReadNumber(absl::string_view text, const FieldForm& form) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (size_t i = 0; i < form.words.size(); ++i) {
    if (lower == form.words[i]) return form.first + static_cast<int>(i);
  }
  int number = 0;
  const bool digits = !text.empty() && text.size() <= 2 &&
                      std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  if (number < form.first || number > form.last) return std::nullopt;
  return number;
}

struct Range {
  int first = 0, last = 0, step = 1;
};

std::optional<Range> ReadRange(absl::string_view text, const FieldForm& form) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  Range range = {form.first, form.last};
  const bool any = parts[0] == "*";
  const std::vector<absl::string_view> ends = absl::StrSplit(parts[0], absl::MaxSplits('-', 1));
  if (!any) {
    const auto first = ReadNumber(ends[0], form), last = ReadNumber(ends.back(), form);
    if (!first || !last || *last < *first) return std::nullopt;
    range.first = *first;
    range.last = *last;
  }
  if (parts.size() == 1) return range;
  const FieldForm steps = {"step", 1, 59};
  const auto step = ReadNumber(parts[1], steps);
  if (!step || (!any && ends.size() == 1)) return std::nullopt;
  range.step = *step;
  return range;
}

template <size_t kSize>
absl::Status ReadField(absl::string_view text, const FieldForm& form, std::bitset<kSize>* out,
                       bool* any = nullptr) {
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    const std::optional<Range> range = ReadRange(item, form);
    if (!range) {
      return Expected(absl::StrCat("'", item, "' is no ", form.name, " (", form.first, "-",
                                   form.last, ", with a list, range or step)"));
    }
    for (int i = range->first; i <= range->last; i += range->step) {
      out->set(static_cast<size_t>(i) % kSize);
    }
  }
  if (any != nullptr) *any = text[0] == '*';
  return absl::OkStatus();
}

absl::string_view Unabbreviated(absl::string_view text) {
  constexpr std::pair<absl::string_view, absl::string_view> kShort[] = {{"@hourly", "0 * * * *"},
                                                                        {"@daily", "0 0 * * *"},
                                                                        {"@weekly", "0 0 * * 0"},
                                                                        {"@monthly", "0 0 1 * *"}};
  for (const auto& [name, meaning] : kShort) {
    if (text == name) return meaning;
  }
  return text;
}

size_t IndexOf(absl::Weekday day) { return (static_cast<size_t>(day) + 1) % 7; }

}  // namespace

absl::StatusOr<CronSchedule> CronSchedule::Parse(absl::string_view text) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(Unabbreviated(text), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() != 5) {
    return Expected(absl::StrCat("it has ", fields.size(), " fields in place of five"));
  }
  static_assert(static_cast<int>(absl::Weekday::monday) == 0);
  CronSchedule cron;
  DCP_RETURN_IF_ERROR(ReadField(fields[0], kMinute, &cron.minutes_));
  DCP_RETURN_IF_ERROR(ReadField(fields[1], kHour, &cron.hours_, &cron.any_hour_));
  DCP_RETURN_IF_ERROR(ReadField(fields[2], kDay, &cron.days_, &cron.any_day_));
  DCP_RETURN_IF_ERROR(ReadField(fields[3], kMonth, &cron.months_));
  DCP_RETURN_IF_ERROR(ReadField(fields[4], kWeekday, &cron.weekdays_, &cron.any_weekday_));
  return cron;
}

bool CronSchedule::MatchesDay(absl::CivilDay day) const {
  if (!months_.test(static_cast<size_t>(day.month()))) return false;
  const bool of_month = days_.test(static_cast<size_t>(day.day()));
  const bool of_week = weekdays_.test(IndexOf(absl::GetWeekday(day)));
  return any_day_ || any_weekday_ ? of_month && of_week : of_month || of_week;
}

bool CronSchedule::Matches(absl::CivilMinute minute) const {
  return MatchesDay(absl::CivilDay(minute)) && hours_.test(static_cast<size_t>(minute.hour())) &&
         minutes_.test(static_cast<size_t>(minute.minute()));
}

std::optional<absl::Time> CronSchedule::NextOfPlainDay(absl::Time midnight,
                                                       absl::Time after) const {
  const int64_t passed = absl::ToInt64Minutes(after - midnight);
  for (int64_t i = std::max<int64_t>(passed, 0); i < 24 * 60; ++i) {
    const absl::Time start = midnight + absl::Minutes(i);
    if (start > after && hours_.test(static_cast<size_t>(i / 60)) &&
        minutes_.test(static_cast<size_t>(i % 60))) {
      return start;
    }
  }
  return std::nullopt;
}

std::optional<absl::Time> CronSchedule::NextOfOddDay(absl::CivilDay day, absl::Time after,
                                                     const absl::TimeZone& zone) const {
  std::optional<absl::Time> next;
  const auto take = [&](absl::Time start) {
    if (start > after && (!next || start < *next)) next = start;
  };
  for (absl::CivilMinute minute(day); absl::CivilDay(minute) == day; ++minute) {
    if (!Matches(minute)) continue;
    const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(minute));
    if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
      if (!any_hour_) take(info.trans);
      continue;
    }
    take(info.pre);
    if (any_hour_ && info.kind == absl::TimeZone::TimeInfo::REPEATED) take(info.post);
  }
  return next;
}

std::optional<absl::Time> CronSchedule::Next(absl::Time after, const absl::TimeZone& zone) const {
  // A change of clocks may put minutes of one day behind the first ones of the next.
  std::optional<absl::Time> next;
  const absl::CivilDay today = absl::ToCivilDay(after, zone);
  for (absl::CivilDay day = today - 1; day < today + 366 * kYears; ++day) {
    if (!MatchesDay(day) && !next) continue;
    const absl::TimeZone::TimeInfo begin = zone.At(absl::CivilSecond(day));
    const absl::TimeZone::TimeInfo end = zone.At(absl::CivilSecond(day + 1));
    const bool plain = begin.kind == absl::TimeZone::TimeInfo::UNIQUE &&
                       end.kind == absl::TimeZone::TimeInfo::UNIQUE &&
                       end.pre - begin.pre == absl::Hours(24);
    std::optional<absl::Time> of_day;
    if (MatchesDay(day)) {
      of_day = plain ? NextOfPlainDay(begin.pre, after) : NextOfOddDay(day, after, zone);
    }
    if (next) return of_day ? std::min(*next, *of_day) : next;
    if (of_day && plain) return of_day;
    next = of_day;
  }
  return next;
}

std::string CronSchedule::MissingTime(absl::Time start, const absl::TimeZone& zone) const {
  if (any_hour_) return "";
  const absl::CivilMinute exists = absl::ToCivilMinute(start, zone);
  absl::CivilMinute skipped = absl::ToCivilMinute(start - absl::Nanoseconds(1), zone) + 1;
  for (; skipped < exists; ++skipped) {
    if (Matches(skipped)) return absl::FormatCivilTime(skipped).replace(10, 1, " ");
  }
  return "";
}

}  // namespace dcp::model
