#include "model/cron_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace dcp::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(const std::string& local, const absl::TimeZone& zone) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", local, zone, &time, &error)) << error;
  return time;
}

// The next `count` starts behind `from`, with what is added to UTC then.
std::vector<std::string> Starts(const std::string& text, const std::string& from,
                                const std::string& zone_name, int count) {
  const absl::TimeZone zone = Zone(zone_name);
  const auto cron = CronSchedule::Parse(text);
  EXPECT_OK(cron) << text;
  std::vector<std::string> starts;
  absl::Time time = At(from, zone);
  for (int i = 0; i < count; ++i) {
    const auto next = cron->Next(time, zone);
    if (!next) break;
    starts.push_back(absl::FormatTime("%Y-%m-%d %H:%M %Ez", *next, zone));
    time = *next;
  }
  return starts;
}

TEST(CronScheduleTest, EveryNightAtThree) {
  EXPECT_THAT(Starts("0 3 * * *", "2026-01-31 03:00", "UTC", 2),
              ElementsAre("2026-02-01 03:00 +00:00", "2026-02-02 03:00 +00:00"));
}

TEST(CronScheduleTest, ListsRangesStepsAndNames) {
  EXPECT_THAT(
      Starts("*/20,5 8-10/2 * feb MON-wed", "2026-01-01 00:00", "UTC", 5),
      ElementsAre("2026-02-02 08:00 +00:00", "2026-02-02 08:05 +00:00", "2026-02-02 08:20 +00:00",
                  "2026-02-02 08:40 +00:00", "2026-02-02 10:00 +00:00"));
}

TEST(CronScheduleTest, EitherOfTwoRestrictedDaysIsEnough) {
  EXPECT_THAT(
      Starts("0 0 13 * fri", "2026-11-05 12:00", "UTC", 3),
      ElementsAre("2026-11-06 00:00 +00:00", "2026-11-13 00:00 +00:00", "2026-11-20 00:00 +00:00"));
  EXPECT_THAT(Starts("0 0 */10 * fri", "2026-11-05 12:00", "UTC", 1),
              ElementsAre("2026-12-11 00:00 +00:00"));
}

TEST(CronScheduleTest, SundayIsZeroAndSeven) {
  const auto expected = ElementsAre("2026-11-22 04:30 +00:00", "2026-11-29 04:30 +00:00");
  EXPECT_THAT(Starts("30 4 * * 0", "2026-11-21 00:00", "UTC", 2), expected);
  EXPECT_THAT(Starts("30 4 * * 7", "2026-11-21 00:00", "UTC", 2), expected);
  EXPECT_THAT(
      Starts("0 0 * * 5-7", "2026-11-19 12:00", "UTC", 3),
      ElementsAre("2026-11-20 00:00 +00:00", "2026-11-21 00:00 +00:00", "2026-11-22 00:00 +00:00"));
}

TEST(CronScheduleTest, LeapDaysAndDaysThatNeverAre) {
  EXPECT_THAT(Starts("0 0 29 2 *", "2026-01-01 00:00", "UTC", 2),
              ElementsAre("2028-02-29 00:00 +00:00", "2032-02-29 00:00 +00:00"));
  EXPECT_THAT(Starts("0 0 30 2 *", "2026-01-01 00:00", "UTC", 1), ElementsAre());
}

TEST(CronScheduleTest, ShortForms) {
  EXPECT_THAT(Starts("@hourly", "2026-01-01 00:10", "UTC", 1),
              ElementsAre("2026-01-01 01:00 +00:00"));
  EXPECT_THAT(Starts("@weekly", "2026-01-01 00:10", "UTC", 1),
              ElementsAre("2026-01-04 00:00 +00:00"));
}

TEST(CronScheduleTest, ATimeThatDoesNotExistIsTheMomentOfTheChange) {
  EXPECT_THAT(Starts("30 2 * * *", "2026-03-28 12:00", "Europe/Berlin", 2),
              ElementsAre("2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"));
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  ASSERT_OK_AND_ASSIGN(const CronSchedule cron, CronSchedule::Parse("30 2 * * *"));
  EXPECT_EQ(cron.MissingTime(At("2026-03-29 03:00", berlin), berlin), "2026-03-29 02:30");
  EXPECT_EQ(cron.MissingTime(At("2026-03-30 02:30", berlin), berlin), "");
}

TEST(CronScheduleTest, ATimeThatExistsTwiceIsTheFirst) {
  EXPECT_THAT(Starts("30 2 * * *", "2026-10-24 12:00", "Europe/Berlin", 2),
              ElementsAre("2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"));
}

TEST(CronScheduleTest, WhatRunsEveryHourFollowsTheTimeThatPasses) {
  EXPECT_THAT(Starts("30 * * * *", "2026-10-25 01:00", "Europe/Berlin", 4),
              ElementsAre("2026-10-25 01:30 +02:00", "2026-10-25 02:30 +02:00",
                          "2026-10-25 02:30 +01:00", "2026-10-25 03:30 +01:00"));
  EXPECT_THAT(Starts("30 * * * *", "2026-03-29 01:00", "Europe/Berlin", 2),
              ElementsAre("2026-03-29 01:30 +01:00", "2026-03-29 03:30 +02:00"));
}

TEST(CronScheduleTest, WhatIsNoExpressionIsNamed) {
  for (const char* const text : {"",
                                 "* * * *",
                                 "* * * * * *",
                                 "60 * * * *",
                                 "* 24 * * *",
                                 "* * 0 * *",
                                 "* * 32 * *",
                                 "* * * 0 *",
                                 "* * * 13 *",
                                 "* * * * 8",
                                 "5/10 * * * *",
                                 "*/0 * * * *",
                                 "*/60 * * * *",
                                 "9-5 * * * *",
                                 "1,,2 * * * *",
                                 ", * * * *",
                                 "-1 * * * *",
                                 "1- * * * *",
                                 "1-2-3 * * * *",
                                 "*/2/3 * * * *",
                                 "+1 * * * *",
                                 "a * * * *",
                                 "* * * foo *",
                                 "@reboot",
                                 "** * * * *",
                                 "001 * * * *",
                                 "* * * * *\n0 3 * * *"}) {
    const auto cron = CronSchedule::Parse(text);
    EXPECT_EQ(cron.status().code(), absl::StatusCode::kInvalidArgument) << "'" << text << "'";
    EXPECT_THAT(std::string(cron.status().message()), HasSubstr("must be a cron expression"));
  }
  EXPECT_THAT(std::string(CronSchedule::Parse("0 25 * * *").status().message()),
              HasSubstr("'25' is no hour (0-23"));
}

// ---- against an oracle that looks at every minute ----

struct RandomField {
  std::string text;
  std::set<int> values;
};

class RandomExpression {
 public:
  explicit RandomExpression(uint64_t seed) : random_(seed) {
    minute_ = Make(0, 59);
    hour_ = Make(0, 23);
    day_ = Make(1, 31);
    month_ = Pick(3) == 0 ? Make(1, 12) : RandomField{"*", Range(1, 12, 1)};
    weekday_ = Make(0, 7);
    if (weekday_.values.erase(7) > 0) weekday_.values.insert(0);
  }

  std::string text() const {
    return absl::StrCat(minute_.text, " ", hour_.text, " ", day_.text, " ", month_.text, " ",
                        weekday_.text);
  }
  bool follows_elapsed_time() const { return hour_.text[0] == '*'; }

  bool Matches(absl::CivilMinute m) const {
    const int weekday = (static_cast<int>(absl::GetWeekday(m)) + 1) % 7;
    const bool of_month = day_.values.count(m.day()) > 0;
    const bool of_week = weekday_.values.count(weekday) > 0;
    const bool both = day_.text[0] == '*' || weekday_.text[0] == '*';
    return minute_.values.count(m.minute()) > 0 && hour_.values.count(m.hour()) > 0 &&
           month_.values.count(m.month()) > 0 && (both ? of_month && of_week : of_month || of_week);
  }

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }

  static std::set<int> Range(int first, int last, int step) {
    std::set<int> values;
    for (int i = first; i <= last; i += step) values.insert(i);
    return values;
  }

  RandomField Item(int first, int last) {
    const int a = first + Pick(last - first + 1);
    const int b = a + Pick(last - a + 1);
    const int step = 1 + Pick(9);
    switch (Pick(4)) {
      case 0:
        return {absl::StrCat("*/", step), Range(first, last, step)};
      case 1:
        return {absl::StrCat(a, "-", b), Range(a, b, 1)};
      case 2:
        return {absl::StrCat(a, "-", b, "/", step), Range(a, b, step)};
      default:
        return {absl::StrCat(a), {a}};
    }
  }

  RandomField Make(int first, int last) {
    if (Pick(3) == 0) return {"*", Range(first, last, 1)};
    RandomField field = Item(first, last);
    for (int more = Pick(3); more > 0; --more) {
      const RandomField item = Item(first, last);
      absl::StrAppend(&field.text, ",", item.text);
      field.values.insert(item.values.begin(), item.values.end());
    }
    return field;
  }

  std::mt19937_64 random_;
  RandomField minute_, hour_, day_, month_, weekday_;
};

// Every start of some days, minute by minute. Minutes of the day before are only remembered.
std::set<absl::Time> StartsByLooking(const RandomExpression& expression, absl::Time begin,
                                     absl::Time end, const absl::TimeZone& zone) {
  std::set<absl::Time> starts;
  std::set<absl::CivilMinute> seen;
  absl::CivilMinute before = absl::ToCivilMinute(begin - absl::Hours(26), zone) - 1;
  for (absl::Time t = begin - absl::Hours(26); t < end; t += absl::Minutes(1)) {
    const absl::CivilMinute now = absl::ToCivilMinute(t, zone);
    const bool first = seen.insert(now).second;
    bool start = expression.Matches(now) && (first || expression.follows_elapsed_time());
    for (absl::CivilMinute skipped = before + 1; skipped < now; ++skipped) {
      start = start || (!expression.follows_elapsed_time() && expression.Matches(skipped));
    }
    if (start && t >= begin) starts.insert(t);
    before = now;
  }
  return starts;
}

struct Change {
  const char* zone;
  const char* near;
};
void PrintTo(const Change& change, std::ostream* out) { *out << change.zone << " " << change.near; }

class CronOracleTest : public ::testing::TestWithParam<Change> {};

TEST_P(CronOracleTest, EveryStartIsTheOneThatLookingAtEachMinuteFinds) {
  const absl::TimeZone zone = Zone(GetParam().zone);
  const absl::Time middle = At(std::string(GetParam().near) + " 12:00", absl::UTCTimeZone());
  const absl::Time begin = middle - absl::Hours(36), end = middle + absl::Hours(36);
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RandomExpression expression(seed);
    const auto cron = CronSchedule::Parse(expression.text());
    ASSERT_OK(cron) << expression.text();
    std::set<absl::Time> found;
    for (auto t = cron->Next(begin - absl::Nanoseconds(1), zone); t && *t < end;
         t = cron->Next(*t, zone)) {
      found.insert(*t);
    }
    EXPECT_EQ(found, StartsByLooking(expression, begin, end, zone))
        << "seed " << seed << ": " << expression.text() << " in " << GetParam().zone;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , CronOracleTest,
    ::testing::Values(
        Change{"UTC", "2026-02-28"}, Change{"Europe/Berlin", "2026-03-29"},
        Change{"Europe/Berlin", "2026-10-25"}, Change{"America/New_York", "2026-11-01"},
        Change{"Australia/Lord_Howe", "2026-04-05"}, Change{"Australia/Lord_Howe", "2026-10-04"},
        Change{"America/Havana", "2026-03-08"}, Change{"America/Havana", "2026-11-01"},
        Change{"Africa/Cairo", "2024-04-26"}, Change{"Africa/Cairo", "2024-10-31"},
        Change{"America/St_Johns", "2006-10-29"}, Change{"Pacific/Apia", "2011-12-30"},
        Change{"Asia/Kathmandu", "2026-01-01"}));

}  // namespace
}  // namespace dcp::model
