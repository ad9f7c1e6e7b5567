// Findings as people are told them: kept with the reports, marked by the command while the
// store works, and the same as a slow model after any sequence of all that.
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "state/finding_book.h"
#include "tests/state/fixture.h"

namespace dcp::state {
namespace {

using model::FindingState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time TimeAt(uint64_t n) { return Head(n, n).at; }

class FindingsTest : public StateTest {
 protected:
  FindingsTest() {
    EXPECT_OK(TryOpen());
    options_.retention.age = absl::Hours(24 * 365);
  }

  // Key `key` is found in segment (n, n+1].
  static model::Report Found(uint64_t n, uint64_t key, const std::string& json = "{}") {
    model::Report report{"orders", "dst", {Diff(n)}, {}};
    model::OpenFinding finding = Finding(key);
    finding.alarm_id = absl::StrCat("alarm-", n);
    report.update.findings = {finding};
    report.notes = {NoteOf(finding, TimeAt(n + 1))};
    report.notes[0].columns = {"v"};
    report.notes[0].json = json;
    return report;
  }
  static model::Report Resolved(uint64_t n, uint64_t key) {
    model::Report report{"orders", "dst", {Diff(n)}, {}};
    report.update.closed = {Finding(key).key};
    return report;
  }
  static model::Report Touched(uint64_t n, uint64_t key) {
    model::Verdict verdict = Diff(n);
    verdict.known = 1;
    verdict.known_keys = {Finding(key).key};
    return {"orders", "dst", {verdict}, {}};
  }
  absl::Status Put(const model::Report& report) { return store_->Append(report, {}); }

  std::unique_ptr<FindingBook> Book() {
    auto book = FindingBook::Open(dir_.path(), Database::Mode::kExisting);
    EXPECT_OK(book);
    return book.ok() ? *std::move(book) : nullptr;
  }
  std::vector<FindingBook::Entry> List(absl::Time now = TimeAt(1'000'000)) {
    std::vector<FindingBook::Entry> entries;
    auto book = FindingBook::Open(dir_.path(), Database::Mode::kReadOnly);
    EXPECT_OK(book);
    EXPECT_OK((*book)->List({}, now, [&](const FindingBook::Entry& entry) {
      entries.push_back(entry);
      return true;
    }));
    return entries;
  }
  // "shop.orders[1] open", …
  std::vector<std::string> Words(absl::Time now = TimeAt(1'000'000)) {
    std::vector<std::string> words;
    for (const auto& entry : List(now)) {
      words.push_back(absl::StrCat(entry.record.note.key_text, " ", model::ToString(entry.state)));
    }
    return words;
  }
  uint64_t Quiet(uint64_t key, absl::Time now = TimeAt(1'000'000)) {
    const auto quiet =
        store_->CountQuiet("orders", "dst", std::vector<model::Digest>{Finding(key).key}, now);
    EXPECT_OK(quiet);
    return quiet.value_or(0);
  }

 private:
  static model::Verdict Diff(uint64_t n) {
    model::Verdict verdict = Same(n, n + 1);
    verdict.kind = model::Verdict::Kind::kDiff;
    return verdict;
  }
};

TEST_F(FindingsTest, AFindingIsKeptWithItsRowAndItsTimes) {
  ASSERT_OK(Put(Found(1, 7, R"({"kind":"missing"})")));
  ASSERT_OK(Put(Touched(5, 7)));
  const auto all = List();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].record.note.json, R"({"kind":"missing"})");
  EXPECT_THAT(all[0].record.note.columns, ElementsAre("v"));
  EXPECT_EQ(all[0].record.first_seen, TimeAt(2));
  EXPECT_EQ(all[0].record.last_seen, TimeAt(6));
  EXPECT_EQ(all[0].record.resolved_at, std::nullopt);
  EXPECT_EQ(all[0].check, "orders");
  EXPECT_EQ(all[0].target, "dst");
}

TEST_F(FindingsTest, ItIsResolvedAndReopenedUnderItsNumber) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Resolved(2, 7)));
  ASSERT_THAT(Words(), ElementsAre("shop.orders[7] resolved"));
  EXPECT_EQ(List()[0].record.resolved_at, TimeAt(3));
  ASSERT_OK(Put(Found(4, 7)));
  const auto all = List();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].state, FindingState::kOpen);
  EXPECT_EQ(all[0].record.number, 1);
  EXPECT_EQ(all[0].record.reopened, 1u);
  EXPECT_EQ(all[0].record.first_seen, TimeAt(2));
  EXPECT_EQ(all[0].record.note.alarm_id, "alarm-4");
}

TEST_F(FindingsTest, AReplayedReportChangesNothing) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Touched(5, 7)));
  ASSERT_OK(Put(Found(1, 7)));
  EXPECT_EQ(List()[0].record.last_seen, TimeAt(6));
  EXPECT_EQ(List()[0].record.reopened, 0u);
}

TEST_F(FindingsTest, WhatIsOverWhenItIsSaidIsResolved) {
  model::Report healed = Found(1, 7);
  healed.update.findings.clear();
  healed.notes[0].open = false;
  ASSERT_OK(Put(healed));
  EXPECT_THAT(Words(), ElementsAre("shop.orders[7] resolved"));
}

TEST_F(FindingsTest, ALongRowIsNotKept) {
  ASSERT_OK(Put(Found(1, 7, std::string(1 << 20, 'x'))));
  EXPECT_EQ(List()[0].record.note.json, "");
}

TEST_F(FindingsTest, AcknowledgedUntilItIsResolved) {
  ASSERT_OK(Put(Found(1, 7)));
  EXPECT_EQ(Quiet(7), 0u);
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), "it's known"}));
  EXPECT_EQ(Quiet(7), 1u);
  EXPECT_THAT(Words(), ElementsAre("shop.orders[7] acknowledged"));
  EXPECT_EQ(List()[0].ack->note, "it's known");
  ASSERT_OK(Put(Resolved(4, 7)));
  ASSERT_OK(Put(Found(6, 7)));
  EXPECT_EQ(Quiet(7), 0u);
  EXPECT_THAT(Words(), ElementsAre("shop.orders[7] open"));
}

TEST_F(FindingsTest, AnAcknowledgementEndsWhereOneReportResolvesAndReopens) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), ""}));
  ASSERT_OK(Put(Found(1, 7)));  // the same again
  EXPECT_EQ(Quiet(7), 1u);
  ASSERT_OK(Put(Found(6, 7)));
  EXPECT_EQ(Quiet(7), 0u);
  EXPECT_THAT(Words(), ElementsAre("shop.orders[7] open"));
  EXPECT_EQ(Count("finding_acks"), 0);
}

TEST_F(FindingsTest, WhoReadsAListHoldsUpNothing) {
  for (uint64_t n = 1; n <= 600; ++n) ASSERT_OK(Put(Found(n, n)));
  uint64_t seen = 0;
  ASSERT_OK(Book()->List({}, TimeAt(1'000), [&](const FindingBook::Entry& entry) {
    EXPECT_EQ(entry.record.note.key, Finding(++seen).key);
    if (seen % 200 == 1) {
      EXPECT_OK(Put(Touched(1'000 + seen, 1)));
      EXPECT_OK(store_->MakeDurable());
    }
    return true;
  }));
  EXPECT_EQ(seen, 600u);
}

TEST_F(FindingsTest, AnAcknowledgementCanBeTakenBack) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), ""}));
  ASSERT_OK(Book()->TakeBackAck(1));
  EXPECT_EQ(Quiet(7), 0u);
  EXPECT_THAT(Book()->TakeBackAck(1), test::HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FindingsTest, WhatIsResolvedCannotBeMarked) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Resolved(2, 7)));
  EXPECT_THAT(Book()->Acknowledge({1, TimeAt(3), ""}),
              test::HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Book()->IgnoreFinding(1, std::nullopt, "", TimeAt(3)),
              test::HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Book()->Acknowledge({2, TimeAt(3), ""}), test::HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FindingsTest, IgnoredByKeyUntilATime) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Found(2, 8)));
  ASSERT_OK(Book()->IgnoreFinding(1, TimeAt(50), "", TimeAt(3)));
  EXPECT_EQ(Quiet(7, TimeAt(49)), 1u);
  EXPECT_EQ(Quiet(7, TimeAt(50)), 0u);
  EXPECT_EQ(Quiet(8, TimeAt(49)), 0u);
  EXPECT_THAT(Words(TimeAt(49)), ElementsAre("shop.orders[7] ignored", "shop.orders[8] open"));
}

TEST_F(FindingsTest, RulesOfTheCommandAreSeenAtTheNextReport) {
  EXPECT_THAT(*store_->IgnoreRules(), IsEmpty());
  model::IgnoreRule rule;
  rule.table = "shop.*";
  rule.until = TimeAt(9);
  rule.note = "n";
  rule.at = TimeAt(1);
  const auto number = Book()->AddRule(rule);
  ASSERT_OK(number);
  rule.number = *number;
  EXPECT_THAT(*store_->IgnoreRules(), ElementsAre(rule));
  Open();
  EXPECT_THAT(*store_->IgnoreRules(), ElementsAre(rule));
  ASSERT_OK(Book()->RemoveRule(*number));
  EXPECT_THAT(*store_->IgnoreRules(), IsEmpty());
  EXPECT_THAT(Book()->RemoveRule(*number), test::HasCode(absl::StatusCode::kNotFound));
}

TEST_F(FindingsTest, TooManyRulesAreRefusedAndOldOnesMakeRoom) {
  model::IgnoreRule rule;
  rule.table = "shop.t";
  rule.until = TimeAt(9);
  rule.at = TimeAt(1);
  const auto book = Book();
  for (size_t i = 0; i < FindingBook::kMaxRules; ++i) ASSERT_OK(book->AddRule(rule));
  EXPECT_THAT(book->AddRule(rule).status(), test::HasCode(absl::StatusCode::kResourceExhausted));
  rule.at = TimeAt(9);
  ASSERT_OK(book->AddRule(rule));
  EXPECT_THAT(*book->Rules(), SizeIs(1));
}

TEST_F(FindingsTest, WhatWasKeptBackIsKnownByAlarmAndByKey) {
  model::Report report = Found(1, 7);
  report.notes[0].told = false;
  report.kept_back = {"alarm-1"};
  model::OpenFinding beyond = Finding(8);  // not among the rows of the alarm
  beyond.alarm_id = "alarm-1";
  report.update.findings.push_back(beyond);
  ASSERT_OK(Put(report));
  ASSERT_OK(Put(Found(2, 9)));
  EXPECT_TRUE(*store_->WasKeptBack("orders", "dst", "alarm-1"));
  EXPECT_FALSE(*store_->WasKeptBack("orders", "dst", "alarm-2"));
  EXPECT_FALSE(*store_->WasKeptBack("orders", "other", "alarm-1"));
  const std::vector<model::Digest> both = {Finding(7).key, Finding(8).key};
  EXPECT_EQ(*store_->CountKeptBack("orders", "dst", both), 2u);
  EXPECT_EQ(*store_->CountKeptBack("orders", "dst", {Finding(9).key}), 0u);
}

TEST_F(FindingsTest, NamedByNumberKeyOrAlarm) {
  ASSERT_OK(Put(Found(1, 7)));
  for (const char* name : {"1", "#1", "shop.orders[7]", "alarm-1"}) {
    const auto found = Book()->Find(name, TimeAt(9));
    ASSERT_OK(found) << name;
    EXPECT_THAT(*found, SizeIs(1)) << name;
  }
  EXPECT_THAT(Book()->Find("shop.orders[8]", TimeAt(9)).status(),
              test::StatusIs(absl::StatusCode::kNotFound, HasSubstr("shop.orders[8]")));
}

TEST_F(FindingsTest, ResolvedOnesGoWithTime) {
  options_.retention.age = absl::Seconds(100);
  Open();
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Found(2, 8)));
  ASSERT_OK(Put(Resolved(3, 7)));
  ASSERT_OK(Put(Found(103, 9)));
  EXPECT_THAT(Words(), SizeIs(3));
  ASSERT_OK(Put(Found(105, 10)));
  EXPECT_THAT(Words(),
              ElementsAre("shop.orders[8] open", "shop.orders[9] open", "shop.orders[10] open"));
}

TEST_F(FindingsTest, ResolvedOnesGoByCount) {
  options_.retention.max_count = 10;
  Open();
  for (uint64_t n = 0; n < 50; ++n) {
    ASSERT_OK(Put(Found(2 * n, n)));
    ASSERT_OK(Put(Resolved(2 * n + 1, n)));
  }
  EXPECT_THAT(Words(), SizeIs(10));
}

TEST_F(FindingsTest, AForgottenPairTakesItsFindings) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), ""}));
  ASSERT_OK(store_->ForgetPairsExcept({}).status());
  EXPECT_THAT(Words(), IsEmpty());
  EXPECT_EQ(Count("finding_acks"), 0);
  Open();
}

TEST_F(FindingsTest, ADirectoryWithoutStateIsNamed) {
  EXPECT_THAT(FindingBook::Open("/nonexistent", Database::Mode::kReadOnly).status(),
              test::StatusIs(absl::StatusCode::kNotFound, HasSubstr("--dir")));
}

TEST_F(FindingsTest, ChangedMarksAreFound) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), ""}));
  ASSERT_OK(Book()->IgnoreFinding(1, TimeAt(50), "", TimeAt(3)));
  for (const char* sql :
       {"UPDATE finding_acks SET note = 'x'", "UPDATE finding_ignores SET until = NULL",
        "UPDATE finding_records SET table_name = 'x'",
        "UPDATE finding_records SET key = lower('ABC')"}) {
    Close();
    std::filesystem::copy_file(dir_.db(), dir_.db() + ".whole");
    Query(sql);
    EXPECT_THAT(TryOpen(),
                test::StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not what was written")))
        << sql;
    std::filesystem::rename(dir_.db() + ".whole", dir_.db());
  }
}

TEST_F(FindingsTest, WhatTheCheckerHasCountsAtTheStart) {
  ASSERT_OK(Put(Found(1, 7)));
  ASSERT_OK(Put(Found(2, 8)));
  ASSERT_OK(Book()->Acknowledge({1, TimeAt(3), ""}));
  Close();
  Query("DELETE FROM findings WHERE alarm_id = 'alarm-1'");
  Query("DELETE FROM finding_records WHERE alarm_id = 'alarm-2'");
  Open();
  EXPECT_THAT(Words(), ElementsAre("shop.orders[7] resolved", "shop.orders[?] open"));
  EXPECT_EQ(List()[1].record.first_seen, TimeAt(3));
  EXPECT_EQ(Count("finding_acks"), 0);
}

// What FindingsTest's store and book hold, in the slowest way.
class SlowModel {
 public:
  struct One {
    bool resolved = false, acknowledged = false;
    uint64_t reopened = 0;
    std::string alarm;
  };
  struct Rule {
    uint64_t key = 0;
    absl::Time until;
  };

  void Found(uint64_t key, const std::string& alarm) {
    const auto [it, is_new] = all_.try_emplace(key);
    if (!is_new) ++it->second.reopened;
    it->second.alarm = alarm;
    it->second.resolved = it->second.acknowledged = false;
  }
  void Resolved(uint64_t key) {
    all_[key].resolved = true;
    all_[key].acknowledged = false;
  }
  bool IsOpen(uint64_t key) const { return all_.contains(key) && !all_.at(key).resolved; }
  bool Acknowledge(uint64_t key) {
    if (IsOpen(key)) all_[key].acknowledged = true;
    return IsOpen(key);
  }
  bool Ignore(uint64_t key, absl::Time until) {
    if (IsOpen(key)) rules_.push_back({key, until});
    return IsOpen(key);
  }
  FindingState StateOf(uint64_t key, absl::Time now) const {
    const One& one = all_.at(key);
    if (one.resolved) return FindingState::kResolved;
    for (const Rule& rule : rules_) {
      if (rule.key == key && now < rule.until) return FindingState::kIgnored;
    }
    return one.acknowledged ? FindingState::kAcknowledged : FindingState::kOpen;
  }
  const std::map<uint64_t, One>& all() const { return all_; }

 private:
  std::map<uint64_t, One> all_;
  std::vector<Rule> rules_;
};

class RandomFindingsTest : public FindingsTest, public ::testing::WithParamInterface<int> {
 protected:
  void Compare(const SlowModel& model, absl::Time now) {
    std::set<uint64_t> seen;
    for (const auto& entry : List(now)) {
      const uint64_t key = entry.record.note.key.high;
      ASSERT_TRUE(model.all().contains(key));
      EXPECT_EQ(entry.state, model.StateOf(key, now)) << key;
      EXPECT_EQ(entry.record.reopened, model.all().at(key).reopened) << key;
      EXPECT_EQ(entry.record.note.alarm_id, model.all().at(key).alarm) << key;
      const bool quiet =
          entry.state == FindingState::kAcknowledged || entry.state == FindingState::kIgnored;
      if (model.IsOpen(key)) {
        EXPECT_EQ(Quiet(key, now), quiet ? 1u : 0u) << key;
      }
      seen.insert(key);
    }
    EXPECT_EQ(seen.size(), model.all().size());
  }
  int64_t NumberOf(FindingBook& book, uint64_t key) {
    const auto found = book.Find(Finding(key).key_text, TimeAt(0));
    return found.ok() ? found->front().record.number : 0;
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomFindingsTest, ::testing::Range(0, 8));

TEST_P(RandomFindingsTest, AnySequenceIsAsTheSlowModelHasIt) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  const auto below = [&](uint64_t n) { return random() % n; };
  SlowModel model;
  auto book = Book();
  for (uint64_t n = 1; n < 120; ++n) {
    SCOPED_TRACE(absl::StrCat("step ", n));
    const uint64_t key = below(6);
    const bool open = model.IsOpen(key);
    switch (below(7)) {
      case 0:
      case 1:
        if (open) break;
        ASSERT_OK(Put(Found(n, key)));
        model.Found(key, absl::StrCat("alarm-", n));
        break;
      case 2:
        if (!open) break;
        ASSERT_OK(Put(Resolved(n, key)));
        model.Resolved(key);
        break;
      case 3:
        if (open) {
          ASSERT_OK(Put(Touched(n, key)));
        }
        break;
      case 4:
        EXPECT_EQ(book->Acknowledge({NumberOf(*book, key), TimeAt(n), ""}).ok(),
                  model.Acknowledge(key));
        break;
      case 5: {
        const absl::Time until = TimeAt(n + 1 + below(30));
        EXPECT_EQ(book->IgnoreFinding(NumberOf(*book, key), until, "", TimeAt(n)).ok(),
                  model.Ignore(key, until));
        break;
      }
      default:
        if (below(5) == 0) Open();
    }
    Compare(model, TimeAt(n));
  }
}

}  // namespace
}  // namespace dcp::state
