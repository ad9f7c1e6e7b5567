#include "model/day_hours.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dcp::model {
namespace {

// Clocks in Berlin: forward on 2026-03-29 from 02:00 to 03:00, back on 2026-10-25 from 03:00 to
// 02:00.
class DayHoursTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin_)); }

  static absl::Time Utc(const std::string& text) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, &time, &error)) << error;
    return time;
  }
  static DayHours From(int begin_hour, int begin_minute, int end_hour, int end_minute) {
    return {absl::Hours(begin_hour) + absl::Minutes(begin_minute),
            absl::Hours(end_hour) + absl::Minutes(end_minute)};
  }
  // "20:00-05:00 ", in UTC: the spans of `hours` between 20:00 of the day before and noon of `day`.
  std::string SpanOf(const DayHours& hours, const std::string& day) const {
    std::string text;
    bool within = false;
    const absl::Time noon = Utc(day + " 12:00:00");
    for (absl::Time now = noon - absl::Hours(16); now < noon; now += absl::Minutes(1)) {
      const auto end = EndOf({hours}, berlin_, now);
      if (end && !within) text += Text(now) + "-" + Text(*end) + " ";
      if (within && !end) {
        EXPECT_EQ(text.substr(text.size() - 6, 5), Text(now));
      }
      within = end.has_value();
    }
    return text;
  }
  static std::string Text(absl::Time time) {
    return absl::FormatTime("%H:%M", time, absl::UTCTimeZone());
  }

  absl::TimeZone berlin_;
};

TEST_F(DayHoursTest, EndsAtItsEndAndBeginsAtItsBegin) {
  const std::vector<DayHours> night = {From(22, 0, 7, 0)};
  EXPECT_EQ(EndOf(night, berlin_, Utc("2026-07-01 19:59:59")), std::nullopt);
  EXPECT_EQ(EndOf(night, berlin_, Utc("2026-07-01 20:00:00")), Utc("2026-07-02 05:00:00"));
  EXPECT_EQ(EndOf(night, berlin_, Utc("2026-07-02 04:59:59")), Utc("2026-07-02 05:00:00"));
  EXPECT_EQ(EndOf(night, berlin_, Utc("2026-07-02 05:00:00")), std::nullopt);
  EXPECT_EQ(EndOf({}, berlin_, Utc("2026-07-02 01:00:00")), std::nullopt);
}

TEST_F(DayHoursTest, OfSeveralTheLatestEnd) {
  const std::vector<DayHours> hours = {From(12, 0, 14, 0), From(11, 0, 13, 0)};
  EXPECT_EQ(EndOf(hours, berlin_, Utc("2026-07-01 10:30:00")), Utc("2026-07-01 12:00:00"));
  EXPECT_EQ(EndOf(hours, berlin_, Utc("2026-07-01 09:30:00")), Utc("2026-07-01 11:00:00"));
}

TEST_F(DayHoursTest, WhereClocksGoForward) {
  EXPECT_EQ(SpanOf(From(22, 0, 7, 0), "2026-03-29"), "21:00-05:00 ") << "an hour less";
  EXPECT_EQ(SpanOf(From(2, 30, 4, 0), "2026-03-29"), "01:00-02:00 ") << "from the jump on";
  EXPECT_EQ(SpanOf(From(1, 0, 2, 30), "2026-03-29"), "00:00-01:00 ") << "up to the jump";
  EXPECT_EQ(SpanOf(From(2, 10, 2, 50), "2026-03-29"), "") << "there are no such hours";
}

TEST_F(DayHoursTest, WhereClocksGoBack) {
  EXPECT_EQ(SpanOf(From(22, 0, 7, 0), "2026-10-25"), "20:00-06:00 ") << "an hour more";
  EXPECT_EQ(SpanOf(From(2, 30, 4, 0), "2026-10-25"), "00:30-03:00 ") << "from the first 02:30 on";
  EXPECT_EQ(SpanOf(From(1, 0, 2, 30), "2026-10-25"), "23:00-00:30 ") << "up to the first 02:30";
  EXPECT_EQ(SpanOf(From(2, 10, 2, 50), "2026-10-25"), "00:10-00:50 ") << "once, not twice";
}

}  // namespace
}  // namespace dcp::model
