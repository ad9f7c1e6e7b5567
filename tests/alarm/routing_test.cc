// Which alarms a sink gets, when, and how many are made few.
#include "alarm/routing.h"

#include <gmock/gmock.h>

#include "alarm/alarm_json.h"
#include "alarm/common.h"
#include "alarm/grouping.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"

namespace dcp::alarm {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Alarm DiffIn(std::vector<std::string> tables, std::vector<model::DiffKind> kinds) {
  Alarm alarm{.type = model::AlarmType::kDiff};
  alarm.check = "orders";
  alarm.tables = std::move(tables);
  alarm.kinds = std::move(kinds);
  return alarm;
}

bool Wants(const Routing& routing, const Alarm& alarm) {
  return alarm::Wants(routing, alarm, model::Severity::kCritical);
}

TEST(RoutingTest, ByDefaultAllButSame) {
  EXPECT_TRUE(Wants({}, DiffIn({"a.b"}, {})));
  EXPECT_FALSE(Wants({}, Alarm{.type = model::AlarmType::kSame}));
}

TEST(RoutingTest, ByCheck) {
  EXPECT_TRUE(Wants({.checks = {"x", "ord*"}}, DiffIn({}, {})));
  EXPECT_FALSE(Wants({.checks = {"x", "order"}}, DiffIn({}, {})));
}

TEST(RoutingTest, ByTable) {
  const Routing shop{.tables = {"shop.*"}};
  EXPECT_TRUE(Wants(shop, DiffIn({"crm.x", "shop.orders"}, {})));
  EXPECT_FALSE(Wants(shop, DiffIn({"crm.x"}, {})));
  EXPECT_TRUE(Wants(shop, DiffIn({}, {}))) << "it may concern any table";
}

TEST(RoutingTest, ByKind) {
  using enum model::DiffKind;
  const Routing writes{.kinds = {kExtra, kMismatch}};
  EXPECT_TRUE(Wants(writes, DiffIn({}, {kMissing, kExtra})));
  EXPECT_FALSE(Wants(writes, DiffIn({}, {kMissing})));
  EXPECT_TRUE(Wants(writes, DiffIn({}, {}))) << "it has no kind";
}

TEST(RoutingTest, BySeverity) {
  using enum model::Severity;
  const Routing awake{.severities = {kWarning, kCritical}};
  EXPECT_TRUE(alarm::Wants(awake, DiffIn({}, {}), kCritical));
  EXPECT_TRUE(alarm::Wants(awake, DiffIn({}, {}), kWarning));
  EXPECT_FALSE(alarm::Wants(awake, DiffIn({}, {}), kInfo));
  EXPECT_TRUE(alarm::Wants({}, DiffIn({}, {}), kInfo));
  const Alarm end{.type = model::AlarmType::kResolved};
  EXPECT_TRUE(alarm::Wants(awake, end, kInfo)) << "who heard of it hears of its end";
  EXPECT_FALSE(alarm::Wants({.types = {}, .severities = {kInfo}}, end, kInfo));
}

TEST(SeverityTest, ByWhatItSays) {
  using enum model::Severity;
  using enum model::AlarmType;
  const auto of = [](model::AlarmType type, const model::Verdict& verdict) {
    return SeverityOf("orders", type, &verdict, {});
  };
  model::RowDiff healed = Mismatch();
  healed.kind = model::DiffKind::kHealed;
  EXPECT_EQ(of(kDiff, Diff({healed, healed})), kWarning);
  EXPECT_EQ(of(kDiff, Diff({healed, Missing()})), kCritical);
  model::Verdict not_all_shown = Diff({healed});
  not_all_shown.diff_count = 2;
  EXPECT_EQ(of(kDiff, not_all_shown), kCritical) << "the other may be missing";
  model::Verdict known = Diff({});
  known.known = 3;
  EXPECT_EQ(of(kDiff, known), kInfo);
  EXPECT_EQ(of(kUnverified, Unverified("image", "", "")), kWarning);
  EXPECT_EQ(of(kSame, Same()), kInfo);
  EXPECT_EQ(SeverityOf("orders", kTimeout, nullptr, {}), kWarning);
  EXPECT_EQ(SeverityOf("orders", kResolved, nullptr, {}), kInfo);
}

TEST(SeverityTest, AtMostWhatTheCheckAllows) {
  using enum model::Severity;
  const model::Verdict verdict = Diff({Missing()});
  const auto of = [&](const char* check, model::Severity limit) {
    return SeverityOf("orders", model::AlarmType::kDiff, &verdict, {{check, limit}});
  };
  EXPECT_EQ(of("orders", kWarning), kWarning);
  EXPECT_EQ(of("orders", kInfo), kInfo);
  EXPECT_EQ(of("others", kInfo), kCritical);
  EXPECT_EQ(SeverityOf("orders", model::AlarmType::kTimeout, nullptr, {{"orders", kCritical}}),
            kWarning)
      << "it makes nothing more severe";
}

TEST(SeverityTest, StandsInTheAlarm) {
  const FakeRenderer renderer;
  const SeverityLimits limits = {{"orders", model::Severity::kWarning}};
  const auto of = [&](const Rendering& rendering) {
    return json::parse(MakeAlarms(Diff({Missing()}), rendering).front().json)["severity"];
  };
  EXPECT_EQ(of(renderer), "critical");
  EXPECT_EQ(of({renderer, nullptr, &limits}), "warning");
}

class QuietTest : public ::testing::Test {
 protected:
  static absl::Time At(const char* text) {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, absl::UTCTimeZone(), &time, &error));
    return time;
  }
  static absl::Time Until(const Routing& routing, const char* now) {
    return QuietUntil(routing, At(now));
  }
  const Routing night_{.quiet = {{absl::Hours(22), absl::Hours(7)}}};
};

TEST_F(QuietTest, OverMidnight) {
  EXPECT_EQ(Until(night_, "2024-05-01 21:59"), At("2024-05-01 21:59"));
  EXPECT_EQ(Until(night_, "2024-05-01 22:00"), At("2024-05-02 07:00"));
  EXPECT_EQ(Until(night_, "2024-05-02 06:59"), At("2024-05-02 07:00"));
  EXPECT_EQ(Until(night_, "2024-05-02 07:00"), At("2024-05-02 07:00"));
}

TEST_F(QuietTest, OneAfterTheOther) {
  Routing routing = night_;
  routing.quiet.push_back({absl::Hours(7), absl::Hours(9)});
  EXPECT_EQ(Until(routing, "2024-05-01 23:00"), At("2024-05-02 09:00"));
}

TEST_F(QuietTest, ADayThatIsAllQuietEnds) {
  const Routing routing{.quiet = {{absl::ZeroDuration(), absl::ZeroDuration()}}};
  EXPECT_GT(Until(routing, "2024-05-01 12:00"), At("2024-05-01 12:00"));
}

TEST_F(QuietTest, ByTheZonesClock) {
  Routing routing = night_;
  routing.zone = absl::FixedTimeZone(2 * 3600);
  EXPECT_EQ(Until(routing, "2024-05-01 20:00"), At("2024-05-02 05:00"));
}

class GroupingTest : public ::testing::Test {
 protected:
  void Add(const model::Outcome& outcome) {
    for (Alarm& alarm : MakeAlarms(outcome, renderer_)) {
      EXPECT_EQ(WrongByManual(alarm.json), "") << alarm.json;
      entries_.push_back({++sequence_, std::make_shared<const Alarm>(std::move(alarm))});
    }
  }
  // `rows` missing rows with keys from `first_key` on, all of one transaction.
  static model::Verdict Storm(int rows, int first_key, uint64_t from,
                              const std::string& txn = "uuid:7") {
    std::vector<model::RowDiff> diffs;
    for (int i = 0; i < rows; ++i) {
      model::RowDiff diff = Missing();
      diff.key_text = absl::StrCat("shop.orders[", first_key + i, "]");
      diff.source = Change(model::Op::kInsert, txn, absl::StrCat("[", first_key + i, ",\"x\"]"));
      diffs.push_back(diff);
    }
    model::Verdict verdict = Diff(std::move(diffs), from, from + 1);
    verdict.diff_tables = {{"shop.orders", static_cast<uint64_t>(rows)}};
    return verdict;
  }
  static json Parsed(const Group& group) { return json::parse(group.alarm->json); }
  static std::string Wrong(const Group& group) { return WrongByManual(group.alarm->json); }

  FakeRenderer renderer_;
  uint64_t sequence_ = 0;
  std::vector<model::Outbox::Entry> entries_;
};

TEST_F(GroupingTest, OneStaysAsItIs) {
  Add(Diff({Missing()}));
  const auto groups = MergeAlarms(entries_);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].alarm, entries_[0].alarm);
  EXPECT_THAT(groups[0].sequences, ElementsAre(1));
}

TEST_F(GroupingTest, AStormIsOneAlarmWithExactCounts) {
  for (int i = 0; i < 25; ++i) Add(Storm(40, 1 + i * 40, 10 + static_cast<uint64_t>(i)));
  const auto groups = MergeAlarms(entries_);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].sequences.size(), 25u);
  const json merged = Parsed(groups[0]);
  EXPECT_EQ(merged["diff_count"], 1000);
  EXPECT_EQ(merged["diffs"].size(), kMaxMergedDiffs);
  EXPECT_EQ(merged["tables"]["shop.orders"], 1000);
  EXPECT_EQ(merged["rows"]["source"], 250);
  EXPECT_EQ(merged["from"], 10);
  EXPECT_EQ(merged["to"], 35);
  EXPECT_EQ(merged["merged"].size(), 25u);
  EXPECT_EQ(merged["common"]["kind"], "missing");
  EXPECT_EQ(merged["common"]["source_txn"], "uuid:7");
  EXPECT_EQ(merged["common"]["keys"]["last"], 100);
  EXPECT_EQ(merged["id"], groups[0].alarm->id);
  EXPECT_EQ(Wrong(groups[0]), "");
  EXPECT_THAT(groups[0].alarm->text,
              HasSubstr("25 alarms as one: 1000 rows differ (1000 in shop.orders); in common: "
                        "all missing; one source transaction uuid:7; keys 1 to 100"));
}

TEST_F(GroupingTest, TheSameAlarmsGiveTheSameId) {
  Add(Storm(2, 1, 10));
  Add(Storm(2, 3, 11));
  const std::string id = MergeAlarms(entries_)[0].alarm->id;
  EXPECT_EQ(MergeAlarms(entries_)[0].alarm->id, id);
  Add(Storm(2, 5, 12));
  EXPECT_NE(MergeAlarms(entries_)[0].alarm->id, id);
}

TEST_F(GroupingTest, TargetsAndTypesStayApartAndTheEndComesLast) {
  model::Verdict other = Storm(1, 1, 10);
  other.head.target = "other";
  Add(Ended());
  Add(Storm(1, 1, 10));
  Add(other);
  Add(Late());
  Add(Storm(1, 2, 11));
  const auto groups = MergeAlarms(entries_);
  std::vector<std::string> said;
  for (const Group& group : groups) {
    said.push_back(absl::StrCat(model::ToString(group.alarm->type), " ", group.alarm->target, " ",
                                group.sequences.size()));
    EXPECT_EQ(Wrong(group), "");
  }
  EXPECT_THAT(said, ElementsAre("diff dst 2", "diff other 1", "timeout dst 1", "resolved dst 1"));
}

TEST_F(GroupingTest, WhatOnlyTouchesKnownRowsStaysApart) {
  model::Verdict touched = Diff({}, 11, 12);
  touched.known = 2;
  Add(Storm(1, 1, 10));
  Add(touched);
  Add(Storm(1, 2, 12));
  touched.head.from = 13;
  Add(touched);
  const auto groups = MergeAlarms(entries_);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(Parsed(groups[0])["diff_count"], 2);
  EXPECT_EQ(Parsed(groups[0])["known"], 0);
  EXPECT_EQ(Parsed(groups[1])["diff_count"], 0);
  EXPECT_EQ(Parsed(groups[1])["known"], 4);
  EXPECT_EQ(Wrong(groups[1]), "");
}

TEST_F(GroupingTest, TheHighestSeverityOfSeveral) {
  model::RowDiff healed = Mismatch();
  healed.kind = model::DiffKind::kHealed;
  Add(Storm(1, 1, 10));
  Add(Diff({healed}, 11, 12));
  EXPECT_EQ(Parsed(MergeAlarms(entries_)[0])["severity"], "critical");
  entries_.erase(entries_.begin());
  Add(Diff({healed}, 12, 13));
  EXPECT_EQ(Parsed(MergeAlarms(entries_)[0])["severity"], "warning");
}

TEST_F(GroupingTest, ResolvedNamesAllThatItEnds) {
  model::Resolved second = Ended();
  second.resolves = {std::string(32, 'b')};
  second.keys = {"shop.orders[43]"};
  Add(Ended());
  Add(second);
  const auto groups = MergeAlarms(entries_);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(Parsed(groups[0])["resolves"].size(), 2u);
  EXPECT_THAT(groups[0].alarm->resolves, ElementsAre(std::string(32, 'a'), std::string(32, 'b')));
  EXPECT_EQ(Wrong(groups[0]), "");
}

TEST_F(GroupingTest, OfManyResolvedKeysTheFirstAreShownAndAllCounted) {
  const auto ended = [](int first, size_t keys) {
    model::Resolved resolved = Ended();
    resolved.resolves = {std::string(32, static_cast<char>('a' + first))};
    resolved.keys.clear();
    for (size_t i = 0; i < keys; ++i) {
      resolved.keys.push_back(absl::StrCat("shop.orders[", first, ",", i, "]"));
    }
    return resolved;
  };
  Add(ended(1, 600));
  Add(ended(2, 300));
  EXPECT_EQ(Parsed(MergeAlarms(entries_)[0])["keys"].size(), 900u);
  EXPECT_FALSE(Parsed(MergeAlarms(entries_)[0]).contains("key_count"));
  Add(ended(3, 300));
  EXPECT_EQ(Parsed(MergeAlarms(entries_)[0])["keys"].size(), kMaxResolvedKeys);
  EXPECT_EQ(Parsed(MergeAlarms(entries_)[0])["key_count"], 1200);
  Add(ended(4, 5000));
  const Group group = MergeAlarms(entries_)[0];
  EXPECT_EQ(Parsed(group)["keys"].size(), kMaxResolvedKeys);
  EXPECT_EQ(Parsed(group)["key_count"], 6200);
  EXPECT_THAT(group.alarm->text, HasSubstr("6200 rows equal again; ends 4 alarms"));
  EXPECT_EQ(Wrong(group), "");
}

TEST_F(GroupingTest, UnverifiedOfDifferentReasonsStayApart) {
  Add(Unverified("image", "d", "shop.orders"));
  Add(Unverified("image", "d", "shop.orders"));
  Add(Unverified("gap", "d", ""));
  const auto groups = MergeAlarms(entries_);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].sequences.size(), 2u);
  EXPECT_EQ(Wrong(groups[0]), "");
}

TEST_F(GroupingTest, WhatCannotBeReadGoesAsItIs) {
  Add(Storm(1, 1, 10));
  auto broken = std::make_shared<Alarm>(*entries_[0].alarm);
  broken->json = "{";
  entries_.push_back({2, broken});
  EXPECT_EQ(MergeAlarms(entries_).size(), 2u);
}

TEST(CommonTest, LeavesOutWhatIsNotCommon) {
  const RowFacts a{.kind = "stale",
                   .table = "t",
                   .key_json = "[1]",
                   .source_txn = "u:1",
                   .target_txn = "",
                   .columns = {"v", "w"}};
  RowFacts b = a;
  b.key_json = "[3]";
  b.source_txn = "u:2";
  b.columns = {"v"};
  EXPECT_EQ(CommonJson({a, b}), R"({"kind":"stale","table":"t","columns":["v"]})");
  EXPECT_EQ(CommonJson({a}), "");
  b = a;
  b.kind = "missing", b.table = "u", b.columns = {};
  b.source_txn = "";
  EXPECT_EQ(CommonJson({a, b}), "{}");
  EXPECT_EQ(CommonText({a, b}), "");
}

TEST(CommonTest, KeysAtTheEndsOfTheNumbersAreNotContiguous) {
  const auto key = [](const char* text) {
    return RowFacts{.kind = "", .table = "t", .key_json = text, .source_txn = "", .target_txn = ""};
  };
  EXPECT_EQ(CommonJson({key("[9223372036854775807]"), key("[-9223372036854775808]")}),
            R"({"table":"t"})");
  EXPECT_EQ(CommonJson({key("[2]"), key("[1]")}), R"({"table":"t","keys":{"first":1,"last":2}})");
  EXPECT_EQ(CommonJson({key("[1]"), key("[1]")}), R"({"table":"t"})");
  EXPECT_EQ(CommonJson({key("[1,2]"), key("[1,3]")}), R"({"table":"t"})");
}

}  // namespace
}  // namespace dcp::alarm
