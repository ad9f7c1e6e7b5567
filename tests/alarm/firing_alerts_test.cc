#include "alarm/firing_alerts.h"

#include "tests/alarm/fakes.h"
#include "tests/support/status_matchers.h"

namespace dcp::alarm {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FiringAlertsTest : public ::testing::Test {
 protected:
  static Alarm Of(const model::Outcome& outcome) {
    static const FakeRenderer renderer;
    return MakeAlarms(outcome, renderer).front();
  }
  static Alarm DiffOf(uint64_t from, std::vector<std::string> tables = {"shop.orders"}) {
    model::Verdict verdict = Diff({Missing()}, from, from + 1);
    for (const std::string& table : tables) verdict.diff_tables[table] = 1;
    return Of(verdict);
  }
  static Alarm EndOf(std::vector<std::string> ids) {
    model::Resolved resolved = Ended();
    resolved.head.at += absl::Seconds(10);
    resolved.resolves = std::move(ids);
    return Of(resolved);
  }

  FiringAlerts firing_{absl::Hours(1)};
};

TEST_F(FiringAlertsTest, LabelsAreBoundedAndNeverAKey) {
  const auto alerts = firing_.Apply(DiffOf(1));
  ASSERT_THAT(alerts, SizeIs(1));
  const std::map<std::string, std::string> expected = {
      {"alertname", "DcpDiff"}, {"check", "orders"}, {"source", "src"},
      {"target", "dst"},        {"type", "diff"},    {"table", "shop.orders"},
      {"severity", "critical"}};
  EXPECT_EQ(alerts[0].labels, expected);
}

TEST_F(FiringAlertsTest, FiresUntilTheLastOfItsAlarmsEnds) {
  const Alarm first = DiffOf(1), second = DiffOf(2);
  firing_.Apply(first);
  EXPECT_TRUE(firing_.Apply(second).at(0).fires());
  EXPECT_TRUE(firing_.Apply(EndOf({first.id})).at(0).fires());
  const auto ended = firing_.Apply(EndOf({second.id}));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_FALSE(ended[0].fires());
  EXPECT_THAT(firing_.All(), SizeIs(1)) << "until Alertmanager has heard of it";
  firing_.Forget(ended);
  EXPECT_THAT(firing_.All(), IsEmpty());
}

TEST_F(FiringAlertsTest, AgainBeforeItIsForgottenFiresAnew) {
  const Alarm first = DiffOf(1);
  firing_.Apply(first);
  const auto ended = firing_.Apply(EndOf({first.id}));
  EXPECT_TRUE(firing_.Apply(DiffOf(2)).at(0).fires());
  firing_.Forget(ended);
  EXPECT_THAT(firing_.All(), SizeIs(1));
}

TEST_F(FiringAlertsTest, OneAlertPerTable) {
  const Alarm alarm = DiffOf(1, {"a.x", "a.y"});
  EXPECT_THAT(firing_.Apply(alarm), SizeIs(2));
  EXPECT_THAT(firing_.Apply(EndOf({alarm.id})), SizeIs(2));
}

TEST_F(FiringAlertsTest, ARepeatedAlarmChangesNothing) {
  const Alarm alarm = DiffOf(1);
  firing_.Apply(alarm);
  firing_.Apply(alarm);
  EXPECT_FALSE(firing_.Apply(EndOf({alarm.id})).at(0).fires());
}

TEST_F(FiringAlertsTest, WhatOnlyTouchesKnownRowsFiresForNothing) {
  const Alarm first = DiffOf(1);
  model::Verdict touched = Diff({}, 2, 3);
  touched.known = 1;
  EXPECT_THAT(firing_.Apply(Of(touched)), IsEmpty());
  firing_.Apply(first);
  EXPECT_THAT(firing_.Apply(Of(touched)), IsEmpty());
  EXPECT_FALSE(firing_.Apply(EndOf({first.id})).at(0).fires());
}

TEST_F(FiringAlertsTest, UnverifiedEndsByItself) {
  const Alarm alarm = Of(Unverified("image", "d", "shop.orders"));
  firing_.Apply(alarm);
  EXPECT_THAT(firing_.Expire(alarm.at + absl::Minutes(59)), IsEmpty());
  EXPECT_THAT(firing_.Expire(alarm.at + absl::Minutes(60)), SizeIs(1));
  EXPECT_THAT(firing_.Expire(alarm.at + absl::Minutes(61)), IsEmpty());
}

TEST_F(FiringAlertsTest, SameAndUnknownEndsAreNothing) {
  EXPECT_THAT(firing_.Apply(Of(Same())), IsEmpty());
  EXPECT_THAT(firing_.Apply(EndOf({"unknown"})), IsEmpty());
}

TEST_F(FiringAlertsTest, SurvivesAsJson) {
  firing_.Apply(DiffOf(1));
  firing_.Apply(Of(Late()));
  firing_.Apply(Of(Unverified("image", "\xff", "shop.orders")));
  const std::string text = firing_.ToJson();
  ASSERT_OK_AND_ASSIGN(FiringAlerts again, FiringAlerts::FromJson(text, absl::Hours(1)));
  EXPECT_EQ(again.ToJson(), text);
  EXPECT_FALSE(again.Apply(EndOf({DiffOf(1).id})).at(0).fires());
}

TEST_F(FiringAlertsTest, ADamagedStateIsAnError) {
  firing_.Apply(DiffOf(1));
  const std::string text = firing_.ToJson();
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(FiringAlerts::FromJson(text.substr(0, size), absl::Hours(1)).ok()) << size;
  }
  EXPECT_FALSE(FiringAlerts::FromJson("{\"a\":1}", absl::Hours(1)).ok());
}

TEST_F(FiringAlertsTest, PostableAlertsHaveTheirTimes) {
  const Alarm alarm = DiffOf(1);
  firing_.Apply(alarm);
  json posted = json::parse(PostableAlerts(firing_.All(), alarm.at + absl::Minutes(5)));
  EXPECT_EQ(posted[0]["startsAt"], "2024-05-01T12:00:00.123Z");
  EXPECT_EQ(posted[0]["endsAt"], "2024-05-01T12:05:00.123Z");
  firing_.Apply(EndOf({alarm.id}));
  posted = json::parse(PostableAlerts(firing_.All(), alarm.at + absl::Minutes(5)));
  EXPECT_EQ(posted[0]["endsAt"], "2024-05-01T12:00:10.123Z");
}

}  // namespace
}  // namespace dcp::alarm
