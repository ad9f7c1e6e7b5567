// What of a report is told to people, and what is noted of its findings.
#include "alarm/telling.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "model/alarm_id.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"

namespace dcp::alarm {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class FakeMarks final : public model::FindingMarks {
 public:
  absl::StatusOr<std::vector<model::IgnoreRule>> IgnoreRules() override {
    if (broken) return absl::UnavailableError("disk");
    return rules;
  }
  absl::StatusOr<uint64_t> CountQuiet(const std::string&, const std::string&,
                                      absl::Span<const model::Digest> keys, absl::Time) override {
    return CountIn(quiet, keys);
  }
  absl::StatusOr<uint64_t> CountKeptBack(const std::string&, const std::string&,
                                         absl::Span<const model::Digest> keys) override {
    return CountIn(kept_back, keys);
  }
  absl::StatusOr<bool> WasKeptBack(const std::string&, const std::string&,
                                   const std::string& alarm_id) override {
    if (broken) return absl::UnavailableError("disk");
    return kept_back_alarms.contains(alarm_id);
  }

  std::vector<model::IgnoreRule> rules;
  std::set<uint64_t> quiet, kept_back;  // keys' `high`
  std::set<std::string> kept_back_alarms;
  bool broken = false;

 private:
  absl::StatusOr<uint64_t> CountIn(const std::set<uint64_t>& in,
                                   absl::Span<const model::Digest> keys) const {
    if (broken) return absl::UnavailableError("disk");
    uint64_t count = 0;
    for (const model::Digest& key : keys) count += in.count(key.high);
    return count;
  }
};

class TellingTest : public ::testing::Test {
 protected:
  static model::RowDiff Row(uint64_t key) {
    model::RowDiff row = Mismatch();
    row.key = {key, 0};
    row.key_text = absl::StrCat("shop.orders[", key, "]");
    return row;
  }
  static model::Report Of(std::vector<model::RowDiff> rows) {
    model::Verdict verdict = Diff(std::move(rows));
    if (verdict.diff_count > 0) verdict.diff_tables = {{"shop.orders", verdict.diff_count}};
    return ReportOf(std::move(verdict));
  }
  static model::Report Known(std::vector<uint64_t> keys, uint64_t known) {
    model::Verdict verdict = Diff({});
    verdict.known = known;
    for (const uint64_t key : keys) verdict.known_keys.push_back({key, 0});
    return ReportOf(std::move(verdict));
  }
  // Ids of alarms.
  static constexpr char kSome[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                        kOther[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  static model::Report End(std::vector<std::string> alarms, std::vector<uint64_t> keys) {
    model::Resolved resolved{.head = Head(), .resolves = std::move(alarms), .keys = {}};
    for (const uint64_t key : keys) {
      resolved.keys.push_back(absl::StrCat("shop.orders[", key, "]"));
      resolved.key_digests.push_back({key, 0});
    }
    return ReportOf(std::move(resolved));
  }
  static void AddFinding(uint64_t key, const std::string& alarm_id, const std::string& table,
                         model::Report* report) {
    model::OpenFinding finding;
    finding.key = {key, 0};
    finding.alarm_id = alarm_id;
    finding.table = table;
    finding.key_text = absl::StrCat(table, "[", key, "]");
    report->update.findings.push_back(finding);
  }
  void IgnoreKey(uint64_t key) {
    model::IgnoreRule rule;
    rule.key = model::Digest{key, 0};
    marks_.rules.push_back(rule);
  }
  void IgnoreTable(const std::string& table, const std::string& column = "") {
    model::IgnoreRule rule;
    rule.table = table;
    rule.column = column;
    marks_.rules.push_back(rule);
  }
  std::vector<Told> TellIt(model::Report& report, model::FindingMarks* marks) {
    std::vector<Told> told = Tell(
        Rendering(renderer_), marks,
        [this](Level, absl::string_view line) { log_.emplace_back(line); }, &report);
    for (const Told& one : told) EXPECT_EQ(WrongByManual(one.alarm.json), "") << one.alarm.json;
    return told;
  }
  std::vector<Told> TellIt(model::Report& report) { return TellIt(report, &marks_); }
  static json Parsed(const Told& told) { return json::parse(told.alarm.json); }

  const FakeRenderer renderer_{};
  FakeMarks marks_;
  std::vector<std::string> log_;
};

TEST_F(TellingTest, WithoutMarksAllIsTold) {
  model::Report report = Of({Row(1), Row(2)});
  const auto told = TellIt(report, nullptr);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].quiet);
  EXPECT_EQ(Parsed(told[0])["diff_count"], 2);
  EXPECT_FALSE(Parsed(told[0]).contains("ignored"));
}

TEST_F(TellingTest, EveryRowIsNoted) {
  model::RowDiff healed = Row(2);
  healed.kind = model::DiffKind::kHealed;
  model::Report report = Of({Row(1), healed});
  AddFinding(1, model::AlarmId(Head(), "diff"), "shop.orders", &report);
  TellIt(report);
  ASSERT_THAT(report.notes, SizeIs(2));
  const model::FindingNote& note = report.notes[0];
  EXPECT_EQ(note.key, (model::Digest{1, 0}));
  EXPECT_EQ(note.alarm_id, model::AlarmId(Head(), "diff"));
  EXPECT_EQ(note.table, "shop.orders");
  EXPECT_EQ(note.key_text, "shop.orders[1]");
  EXPECT_THAT(note.columns, ElementsAre("v"));
  EXPECT_EQ(json::parse(note.json)["kind"], "mismatch");
  EXPECT_EQ(note.at, Head().at);
  EXPECT_TRUE(note.open);
  EXPECT_TRUE(note.told);
  EXPECT_FALSE(report.notes[1].open);
}

TEST_F(TellingTest, AnIgnoredRowIsCountedAndNotShown) {
  IgnoreKey(1);
  model::Report report = Of({Row(1), Row(2)});
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].quiet);
  const json alarm = Parsed(told[0]);
  EXPECT_THAT(alarm["diffs"], SizeIs(1));
  EXPECT_EQ(alarm["diffs"][0]["key"], json::parse("[2]"));
  EXPECT_EQ(alarm["diff_count"], 1);
  EXPECT_EQ(alarm["ignored"], 1);
  EXPECT_EQ(alarm["tables"], json::parse(R"({"shop.orders":1})"));
  EXPECT_THAT(told[0].alarm.text, HasSubstr("1 row ignored"));
  EXPECT_THAT(report.notes, SizeIs(2));
  EXPECT_THAT(report.kept_back, IsEmpty());
}

TEST_F(TellingTest, WhereAllRowsAreIgnoredTheAlarmIsQuietAndStillADiff) {
  IgnoreTable("shop.*");
  model::Report report = Of({Row(1), Row(2)});
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].quiet);
  EXPECT_EQ(told[0].alarm.type, model::AlarmType::kDiff);
  EXPECT_EQ(Parsed(told[0])["ignored"], 2);
  EXPECT_FALSE(Parsed(told[0]).contains("tables"));
  EXPECT_FALSE(report.notes[0].told);
  EXPECT_THAT(report.kept_back, ElementsAre(told[0].alarm.id));
}

TEST_F(TellingTest, ARuleOnAColumnLeavesOutRowsThatDifferThereOnly) {
  IgnoreTable("shop.orders", "v");
  model::Report report = Of({Row(1), Missing()});  // of the other it is not known
  const auto told = TellIt(report);
  EXPECT_EQ(Parsed(told[0])["diff_count"], 1);
  EXPECT_EQ(Parsed(told[0])["diffs"][0]["kind"], "missing");
}

TEST_F(TellingTest, RowsBeyondThoseShownAreLeftOutToo) {
  IgnoreTable("shop.*");
  model::Report report = Of({Row(1)});
  auto& verdict = std::get<model::Verdict>(report.outcomes[0]);
  verdict.diff_count = 3;
  verdict.diff_tables = {{"shop.orders", 3}};
  const std::string id = model::AlarmId(Head(), "diff");
  for (const uint64_t key : {1U, 2U, 3U}) AddFinding(key, id, "shop.orders", &report);
  AddFinding(4, "of another", "shop.x", &report);
  const auto told = TellIt(report);
  EXPECT_TRUE(told[0].quiet);
  EXPECT_EQ(Parsed(told[0])["ignored"], 3);
}

TEST_F(TellingTest, TouchedFindingsThatAreKnownToPeopleAreQuiet) {
  marks_.quiet = {1, 2};
  model::Report both = Known({1, 2}, 2);
  EXPECT_TRUE(TellIt(both)[0].quiet);
  model::Report one_more = Known({1, 2, 3}, 3);
  EXPECT_FALSE(TellIt(one_more)[0].quiet);
  model::Report not_all_named = Known({1, 2}, 5);
  EXPECT_FALSE(TellIt(not_all_named)[0].quiet);
}

TEST_F(TellingTest, WhatTheReportOpensAndTouchesIsJudgedByTheReport) {
  IgnoreTable("shop.orders", "v");  // the columns stand in the row only
  model::Report after = Of({Row(1)});
  after.outcomes.push_back(Known({1}, 1).outcomes[0]);
  for (const Told& told : TellIt(after)) EXPECT_TRUE(told.quiet);
  model::Report before = Known({1}, 1);
  before.outcomes.push_back(Of({Row(1)}).outcomes[0]);
  for (const Told& told : TellIt(before)) EXPECT_TRUE(told.quiet);
}

TEST_F(TellingTest, WhatIsOpenedBeyondTheRowsAndTouchedIsJudgedByTheReport) {
  IgnoreTable("shop.*");
  model::Report report = Of({Row(1)});
  auto& verdict = std::get<model::Verdict>(report.outcomes[0]);
  verdict.diff_count = 2;
  verdict.diff_tables = {{"shop.orders", 2}};
  const std::string id = model::AlarmId(Head(), "diff");
  for (const uint64_t key : {1U, 2U}) AddFinding(key, id, "shop.orders", &report);
  report.outcomes.push_back(Known({2}, 1).outcomes[0]);
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[0].quiet);
  EXPECT_TRUE(told[1].quiet);
}

TEST_F(TellingTest, AnOldAcknowledgementSilencesNothingThatIsOpenedAnew) {
  marks_.quiet = {1};
  model::Report report = Of({Row(1)});
  report.outcomes.push_back(Known({1}, 1).outcomes[0]);
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_FALSE(told[0].quiet);
  EXPECT_FALSE(told[1].quiet);
}

TEST_F(TellingTest, AnAcknowledgedFindingThatIsOnlyChangedStaysQuiet) {
  marks_.quiet = {1};
  model::Report report = Known({1}, 1);
  AddFinding(1, "of an older report", "shop.orders", &report);
  EXPECT_TRUE(TellIt(report)[0].quiet);
}

TEST_F(TellingTest, WhatIsUnverifiedBesideIsTold) {
  IgnoreTable("shop.*");
  model::Report report = Of({Row(1)});
  std::get<model::Verdict>(report.outcomes[0]).unverified_reason = "image";
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[0].quiet);
  EXPECT_FALSE(told[1].quiet);
  EXPECT_EQ(told[1].alarm.type, model::AlarmType::kUnverified);
}

TEST_F(TellingTest, TheEndOfWhatNobodyGotIsQuiet) {
  marks_.kept_back = {1, 2};
  marks_.kept_back_alarms = {kSome};
  model::Report last = End({kSome}, {1, 2});
  EXPECT_TRUE(TellIt(last)[0].quiet);
  model::Report one_of_many = End({}, {1});
  EXPECT_TRUE(TellIt(one_of_many)[0].quiet);
  model::Report with_another = End({kSome}, {1, 3});
  EXPECT_FALSE(TellIt(with_another)[0].quiet);
  model::Report of_another = End({kSome, kOther}, {1});
  EXPECT_FALSE(TellIt(of_another)[0].quiet);
}

TEST_F(TellingTest, TheEndInTheSameReportIsQuietToo) {
  IgnoreTable("shop.*");
  model::Report report = Of({Row(1)});
  report.outcomes.push_back(End({model::AlarmId(Head(), "diff")}, {1}).outcomes[0]);
  const auto told = TellIt(report);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[1].quiet);
}

TEST_F(TellingTest, TheEndOfATimeoutIsTold) {
  model::Report report = End({kSome}, {});
  marks_.kept_back_alarms = {kSome};
  EXPECT_FALSE(TellIt(report)[0].quiet);
}

TEST_F(TellingTest, WhatCannotBeReadKeepsNothingBack) {
  IgnoreTable("shop.*");
  marks_.broken = true;
  model::Report report = Of({Row(1)});
  EXPECT_FALSE(TellIt(report)[0].quiet);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("so all is told: disk")));
}

TEST_F(TellingTest, StoredKeysAreMaskedOnceAndStayAsTheyAre) {
  for (const auto how : {MaskRule::How::kStars, MaskRule::How::kHash}) {
    model::TableRegistry registry;
    registry.Intern({"shop.orders", {"id", "v"}, false, {"id"}});
    const Masks masks({{.tables = {"shop.*"}, .columns = {"id"}, .how = how, .hash_key = "k"}},
                      &registry);
    const Rendering rendering(renderer_, &masks);
    model::Report report = Of({Row(4711)});
    AddFinding(4711, "", "shop.orders", &report);
    Tell(
        rendering, nullptr, [](Level, absl::string_view) {}, &report);
    const std::string stored = report.update.findings[0].key_text;
    EXPECT_THAT(stored, Not(HasSubstr("4711")));
    EXPECT_EQ(report.notes[0].key_text, stored);
    EXPECT_THAT(report.notes[0].json, Not(HasSubstr("4711")));
    EXPECT_EQ(rendering.Key(stored), stored);
  }
}

}  // namespace
}  // namespace dcp::alarm
