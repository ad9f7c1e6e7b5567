// When jobs start, by a clock that a test sets.
#include "cmd/dcp/job_timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using ::testing::HasSubstr;

class JobTimetableTest : public ::testing::Test {
 protected:
  void Make(const std::string& cron, const std::string& zone, const std::string& now) {
    ASSERT_TRUE(absl::LoadTimeZone(zone, &zone_));
    ASSERT_OK_AND_ASSIGN(const model::CronSchedule starts, model::CronSchedule::Parse(cron));
    now_ = At(now);
    timetable_.emplace(starts, zone_, now_);
    Look(now);
  }

  absl::Time At(const std::string& local) const {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", local, zone_, &time, &error)) << error;
    return time;
  }

  // Time passes until then.
  JobTimetable::Due Look(const std::string& local) {
    const absl::Time then = At(local);
    monotonic_ += then - now_;
    now_ = then;
    return timetable_->Look(now_, monotonic_);
  }
  // The clock is set to it, and a second passes.
  JobTimetable::Due SetTo(const std::string& local) {
    now_ = At(local);
    monotonic_ += absl::Seconds(1);
    return timetable_->Look(now_, monotonic_);
  }

  absl::TimeZone zone_ = absl::UTCTimeZone();
  absl::Time now_;
  absl::Duration monotonic_;
  std::optional<JobTimetable> timetable_;
};

TEST_F(JobTimetableTest, EachStartIsDueOnce) {
  Make("0 3 * * *", "UTC", "2026-11-21 02:59:59");
  const auto due = Look("2026-11-21 03:00:00");
  EXPECT_EQ(due.start, At("2026-11-21 03:00:00"));
  EXPECT_EQ(due.missed, 0u);
  EXPECT_EQ(due.note, "");
  EXPECT_FALSE(Look("2026-11-21 03:00:01").start.has_value());
  EXPECT_EQ(timetable_->next(), At("2026-11-22 03:00:00"));
}

TEST_F(JobTimetableTest, WhatIsTooLateIsMissedWithTheReason) {
  Make("0 * * * *", "UTC", "2026-11-21 02:59:59");
  EXPECT_TRUE(Look("2026-11-21 03:01:00").start.has_value());
  const auto held_up = Look("2026-11-21 06:01:01");
  EXPECT_FALSE(held_up.start.has_value());
  EXPECT_EQ(held_up.missed, 3u);
  EXPECT_EQ(held_up.first_missed, At("2026-11-21 04:00:00"));
  EXPECT_EQ(held_up.last_missed, At("2026-11-21 06:00:00"));
  EXPECT_EQ(held_up.why, "dcp was held up");
  const auto jump = SetTo("2026-11-21 08:00:00");
  EXPECT_EQ(jump.start, At("2026-11-21 08:00:00"));
  EXPECT_EQ(jump.missed, 1u);
  EXPECT_THAT(jump.why, HasSubstr("the clock was set forward by 1h58m"));
}

TEST_F(JobTimetableTest, StartsWhileDcpWasDownAreMissed) {
  Make("0 3 * * *", "UTC", "2026-11-21 12:00:00");
  timetable_.emplace(*model::CronSchedule::Parse("0 3 * * *"), zone_, now_);
  const auto due = Look("2026-11-24 09:00:00");
  EXPECT_EQ(due.missed, 3u);
  EXPECT_EQ(due.why, "dcp was not running then");
  EXPECT_FALSE(due.start.has_value());
}

TEST_F(JobTimetableTest, YearsOfMissedMinutesAreCountedQuickly) {
  Make("* * * * *", "UTC", "2016-01-01 00:00:00");
  const auto due = SetTo("2026-11-24 09:00:30");
  EXPECT_GE(due.missed, JobTimetable::kMostMissed);
  EXPECT_EQ(due.start, At("2026-11-24 09:00:00"));
  EXPECT_EQ(timetable_->handled(), At("2026-11-24 09:00:00"));
}

TEST_F(JobTimetableTest, AClockThatGoesBackALittleStartsNothingTwice) {
  Make("0 3 * * *", "UTC", "2026-11-21 02:59:59");
  EXPECT_TRUE(Look("2026-11-21 03:00:00").start.has_value());
  EXPECT_FALSE(SetTo("2026-11-21 02:59:30").start.has_value());
  EXPECT_FALSE(Look("2026-11-21 03:00:00").start.has_value());
  EXPECT_TRUE(Look("2026-11-22 03:00:00").start.has_value());
}

TEST_F(JobTimetableTest, AClockThatWasWrongIsSaidAndForgotten) {
  Make("0 3 * * *", "UTC", "2036-11-21 02:59:59");
  EXPECT_TRUE(Look("2036-11-21 03:00:00").start.has_value());
  EXPECT_THAT(SetTo("2026-11-21 02:00:00").note, HasSubstr("the clock went back by"));
  EXPECT_TRUE(Look("2026-11-21 03:00:00").start.has_value());
}

TEST_F(JobTimetableTest, ChangesOfClocksAreSaid) {
  Make("30 2 * * *", "Europe/Berlin", "2026-03-29 01:59:00");
  const auto missing = Look("2026-03-29 03:00:00");
  EXPECT_TRUE(missing.start.has_value());
  EXPECT_EQ(missing.note,
            "2026-03-29 02:30 does not exist in Europe/Berlin: started at 2026-03-29 03:00");
  Make("30 2 * * *", "Europe/Berlin", "2026-10-25 01:59:00");
  const auto twice = Look("2026-10-25 02:30:00");
  EXPECT_TRUE(twice.start.has_value());
  EXPECT_THAT(twice.note, HasSubstr("02:30 comes twice in Europe/Berlin: this is the first"));
}

}  // namespace
}  // namespace dcp::cmd
