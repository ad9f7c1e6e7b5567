// JobTimetable: when a job is to start, and which starts were missed, by a wall clock that may
// jump.
//
// Pure: time comes in as an argument. Thread-compatible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "model/cron_schedule.h"

namespace dcp::cmd {

class JobTimetable {
 public:
  // A start that is later than this is missed.
  static constexpr absl::Duration kGrace = absl::Minutes(1);
  // A clock that goes back by less does not start anything a second time; one that goes back by
  // more was wrong before.
  static constexpr absl::Duration kSmallStep = absl::Hours(1);
  // More are not counted one by one.
  static constexpr uint64_t kMostMissed = 10'000;

  // `handled`: starts up to then are not looked at.
  JobTimetable(const model::CronSchedule& starts, absl::TimeZone zone, absl::Time handled)
      : starts_(starts), zone_(zone), handled_(handled) {}

  struct Due {
    std::optional<absl::Time> start;  // to be begun now
    uint64_t missed = 0;
    absl::Time first_missed, last_missed;
    std::string why;   // they were missed
    std::string note;  // for the log; empty: nothing odd
  };
  // What is due at `now`. `monotonic` tells a clock that was set from time that passed.
  Due Look(absl::Time now, absl::Duration monotonic);

  absl::Time handled() const { return handled_; }
  std::optional<absl::Time> next() const { return starts_.Next(handled_, zone_); }
  // "2026-03-29 03:00"
  std::string Text(absl::Time time) const;

 private:
  std::string WhyMissed(absl::Time now, absl::Duration monotonic) const;
  std::string NoteOf(absl::Time start) const;

  const model::CronSchedule starts_;
  const absl::TimeZone zone_;
  absl::Time handled_;
  struct Looked {
    absl::Time wall;
    absl::Duration monotonic;
  };
  std::optional<Looked> last_;
};

}  // namespace dcp::cmd
