#include "cmd/dcp/job_timetable.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace dcp::cmd {

JobTimetable::Due JobTimetable::Look(absl::Time now, absl::Duration monotonic) {
  Due due;
  if (now < handled_ - kSmallStep) {
    due.note = absl::StrCat("the clock went back by ",
                            absl::FormatDuration(absl::Trunc(handled_ - now, absl::Seconds(1))),
                            ": starts are counted from now on");
    handled_ = now;
  }
  const auto miss = [&](absl::Time start) {
    if (due.missed++ == 0) due.first_missed = start;
    due.last_missed = start;
  };
  for (auto next = this->next(); next && *next <= now; next = this->next()) {
    handled_ = *next;
    if (due.start) miss(*due.start);
    due.start.reset();
    if (now - *next <= kGrace) {
      due.start = *next;
    } else {
      miss(*next);
    }
    if (due.missed >= kMostMissed) handled_ = std::max(handled_, now - kGrace);
  }
  if (due.missed > 0) due.why = WhyMissed(now, monotonic);
  if (due.start) due.note = NoteOf(*due.start);
  last_ = {now, monotonic};
  return due;
}

std::string JobTimetable::Text(absl::Time time) const {
  return absl::FormatTime("%Y-%m-%d %H:%M", time, zone_);
}

std::string JobTimetable::WhyMissed(absl::Time now, absl::Duration monotonic) const {
  if (!last_) return "dcp was not running then";
  const absl::Duration jump = (now - last_->wall) - (monotonic - last_->monotonic);
  if (jump > kGrace / 2) {
    return absl::StrCat("the clock was set forward by ",
                        absl::FormatDuration(absl::Trunc(jump, absl::Seconds(1))));
  }
  return "dcp was held up";
}

std::string JobTimetable::NoteOf(absl::Time start) const {
  const std::string missing = starts_.MissingTime(start, zone_);
  if (!missing.empty()) {
    return absl::StrCat(missing, " does not exist in ", zone_.name(), ": started at ", Text(start));
  }
  const auto info = zone_.At(absl::ToCivilSecond(start, zone_));
  if (info.kind != absl::TimeZone::TimeInfo::REPEATED) return "";
  return absl::StrCat(Text(start), " comes twice in ", zone_.name(), ": this is the ",
                      start == info.pre ? "first" : "second");
}

}  // namespace dcp::cmd
