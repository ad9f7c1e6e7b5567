// What is kept for who watches, and what is proven between two barriers.
#include "absl/strings/str_cat.h"
#include "state/history_book.h"
#include "tests/state/fixture.h"

namespace dcp::state {
namespace {

using model::Proof;
using model::ProofMark;
using model::Standing;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HistoryTest : public StateTest {
 protected:
  HistoryTest() { options_.retention.max_told = 5; }

  void SetUp() override { Open(); }

  std::unique_ptr<HistoryBook> Book() {
    auto book = HistoryBook::Open(dir_.path());
    EXPECT_OK(book);
    return book.ok() ? *std::move(book) : nullptr;
  }
  std::vector<std::string> Ids(int64_t place, size_t most = 100, size_t bytes = 1 << 20) {
    const auto page = Book()->Read(place, most, bytes);
    EXPECT_OK(page);
    std::vector<std::string> ids;
    for (const model::SaidAlarm& said : page.value_or(std::vector<model::SaidAlarm>())) {
      ids.push_back(said.id);
    }
    return ids;
  }
};

TEST_F(HistoryTest, AlarmsStayInTheirOrderWhenTheirSinksHaveThem) {
  ASSERT_OK(AppendAlarm("a1"));
  ASSERT_OK(AppendAlarm("a2", {}));  // no sink wants it
  for (const auto& head : store_->Heads("a")) store_->Acknowledge("a", head.sequence);
  ASSERT_OK(AppendAlarm("a3"));
  EXPECT_THAT(Ids(0), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(Ids(2), ElementsAre("a3"));
  EXPECT_THAT(Ids(3), IsEmpty());
  EXPECT_THAT(Ids(0, 2), ElementsAre("a1", "a2"));
  EXPECT_THAT(Ids(0, 100, 1), ElementsAre("a1"));
  Open();
  EXPECT_THAT(Ids(0), ElementsAre("a1", "a2", "a3"));
}

TEST_F(HistoryTest, AnAlarmIsKeptWithAllThatIsToldOfIt) {
  ASSERT_OK(store_->Append({"orders", "dst", {}, {}}, {{DiffAlarm("a1"), {}, /*quiet=*/true}}));
  const auto page = Book()->Read(0, 10, 1000);
  ASSERT_OK(page);
  ASSERT_THAT(*page, SizeIs(1));
  const model::SaidAlarm& said = page->front();
  EXPECT_EQ(said.place, 1);
  EXPECT_TRUE(said.quiet);
  EXPECT_EQ(said.type, model::AlarmType::kDiff);
  EXPECT_EQ(said.check, "orders");
  EXPECT_EQ(said.target, "dst");
  EXPECT_EQ(said.text, "diff a1");
  EXPECT_EQ(said.json, R"({"id":"a1"})");
}

TEST_F(HistoryTest, AnAlarmThatIsFoundOutAgainHasOnePlace) {
  ASSERT_OK(AppendAlarm("a1"));
  ASSERT_OK(AppendAlarm("a1"));
  EXPECT_THAT(Ids(0), ElementsAre("a1"));
}

TEST_F(HistoryTest, OnlyTheNewestAreKeptAndAnOlderCursorIsSaid) {
  ASSERT_OK(AppendAlarm("a1"));
  const auto cursor = Book()->CursorOf(1);
  ASSERT_OK(cursor);
  for (uint64_t n = 1; n <= 20; ++n) ASSERT_OK(Append(n));
  const auto oldest = Book()->BeforeOldest();
  ASSERT_OK(oldest);
  EXPECT_EQ(*Book()->Newest() - *oldest, 5);
  EXPECT_THAT(Ids(*oldest), SizeIs(5));
  EXPECT_THAT(Book()->PlaceOf(*cursor), StatusIs(absl::StatusCode::kOutOfRange, ::testing::_));
  EXPECT_THAT(Book()->PlaceOf("0"), StatusIs(absl::StatusCode::kOutOfRange, ::testing::_));
  EXPECT_THAT(Book()->Read(1, 10, 1000), StatusIs(absl::StatusCode::kOutOfRange, ::testing::_));
}

TEST_F(HistoryTest, TextsAreKeptUpToTheirBytes) {
  options_.retention.max_told = 1'000'000;
  options_.retention.max_told_bytes = 100;  // an alarm of these has 30
  Open();
  for (uint64_t n = 1; n <= 20; ++n) ASSERT_OK(Append(n));
  EXPECT_THAT(Ids(*Book()->BeforeOldest()),
              ElementsAre("alarm-17", "alarm-18", "alarm-19", "alarm-20"));
}

TEST_F(HistoryTest, ACursorIsOfOneHistory) {
  EXPECT_EQ(*Book()->CursorOf(0), "0");
  EXPECT_EQ(*Book()->PlaceOf("0"), 0);
  ASSERT_OK(AppendAlarm("a1"));
  ASSERT_OK(AppendAlarm("a2"));
  EXPECT_EQ(*Book()->PlaceOf("0"), 0);
  EXPECT_EQ(*Book()->CursorOf(2), "2-a2");
  EXPECT_EQ(*Book()->PlaceOf("2-a2"), 2);
  for (const std::string& cursor :
       {std::string("2-a1"), std::string("2"), std::string("3-a3"), std::string("-1"),
        std::string(""), std::string("x"), std::string("0-a"), std::string("99999999999999999999"),
        std::string(1 << 20, '1'), std::string("\xff\0-", 3)}) {
    EXPECT_THAT(Book()->PlaceOf(cursor), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_))
        << cursor.substr(0, 30);
  }
}

TEST_F(HistoryTest, AChangedAlarmIsFound) {
  ASSERT_OK(AppendAlarm("a1"));
  Query("UPDATE told SET json = '{}'");
  EXPECT_THAT(Book()->Read(0, 10, 1000),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not what was written")));
}

class ProofTest : public HistoryTest {
 protected:
  // A verdict on (from, to], after which verdicts are said to `to`.
  void Say(uint64_t from, uint64_t to, const std::string& unverified = "",
           model::PairUpdate update = {}) {
    model::Verdict verdict = Same(from, to);
    if (!unverified.empty()) verdict.kind = model::Verdict::Kind::kUnverified;
    verdict.unverified_reason = unverified;
    Say(verdict, std::move(update));
  }
  void Say(const model::Verdict& verdict, model::PairUpdate update = {}) {
    update.state = StateAt(verdict.head.to);
    update.state->epoch = verdict.head.epoch;
    ASSERT_OK(store_->Append({"orders", "dst", {verdict}, std::move(update)}, {}));
  }
  ProofMark MarkTo(uint64_t goal) {
    const auto stand = Book()->Stand("orders", "dst");
    EXPECT_OK(stand);
    ProofMark mark = stand.value_or(ProofMark());
    mark.goal = goal;
    return mark;
  }
  Proof Prove(const ProofMark& mark) {
    const auto proof = Book()->Prove(mark);
    EXPECT_OK(proof);
    return proof.value_or(Proof());
  }
  Standing StandingAt(const ProofMark& mark) { return StandingOf(mark, Prove(mark)); }
};

TEST_F(ProofTest, EveryVerdictUpToTheGoalMakesIt) {
  Say(10, 11);
  const ProofMark mark = MarkTo(13);
  EXPECT_EQ(mark.from, 11u);
  EXPECT_EQ(StandingAt(mark), Standing::kPending);
  Say(11, 12);
  EXPECT_EQ(StandingAt(mark), Standing::kPending);
  Say(12, 14);  // a barrier that one side missed
  EXPECT_EQ(StandingAt(mark), Standing::kEqual);
  EXPECT_EQ(Prove(mark).verified_since, 10u);
}

TEST_F(ProofTest, AnUnverifiedSegmentInBetweenIsNeverProven) {
  Say(10, 11);
  const ProofMark mark = MarkTo(13);
  Say(11, 12, "gap");
  const Proof proof = Prove(mark);
  EXPECT_EQ(StandingOf(mark, proof), Standing::kUnproven);
  EXPECT_EQ(proof.unverified_from, 11u);
  EXPECT_EQ(proof.unverified_to, 12u);
  EXPECT_EQ(proof.unverified_reason, "gap");
  Say(12, 13);
  Say(13, 14);
  EXPECT_EQ(StandingAt(mark), Standing::kUnproven);
}

TEST_F(ProofTest, AnUnverifiedSegmentBeforeOrBehindIsNotInBetween) {
  Say(10, 11, "gap");
  const ProofMark mark = MarkTo(12);
  Say(11, 12);
  Say(12, 13, "gap");
  EXPECT_EQ(StandingAt(mark), Standing::kEqual);
  EXPECT_EQ(Prove(mark).verified_since, 11u);
  EXPECT_EQ(Prove(MarkTo(13)).same, 0u);
}

TEST_F(ProofTest, WhatIsSaidToBeEqualCountsFromTheLastUnverified) {
  Say(10, 11, "gap");
  Say(11, 12);
  const ProofMark mark = MarkTo(13);
  Say(12, 13);
  EXPECT_EQ(Prove(mark).verified_since, 11u);
}

TEST_F(ProofTest, ADifferenceThatHasAnUnknownBesideItIsUnverified) {
  Say(10, 11);
  const ProofMark mark = MarkTo(12);
  model::Verdict verdict = Same(11, 12);
  verdict.kind = model::Verdict::Kind::kDiff;
  verdict.unverified_reason = "image";
  Say(verdict);
  EXPECT_EQ(StandingAt(mark), Standing::kUnproven);
  EXPECT_EQ(Prove(mark).diff, 1u);
}

TEST_F(ProofTest, AnOpenFindingIsDifferentUntilItEnds) {
  Say(10, 11, "", {{}, {Finding(7)}, {}});
  const ProofMark mark = MarkTo(12);
  EXPECT_EQ(StandingAt(mark), Standing::kPending);
  Say(11, 12);
  EXPECT_EQ(StandingAt(mark), Standing::kDifferent);
  EXPECT_EQ(Prove(mark).open_findings, 1u);
  Say(12, 13, "", {{}, {}, {Finding(7).key}});
  EXPECT_EQ(StandingAt(mark), Standing::kEqual);
}

TEST_F(ProofTest, AnotherEpochProvesNothing) {
  Say(10, 11);
  const ProofMark mark = MarkTo(12);
  model::Verdict verdict = Same(1, 50);
  verdict.head.epoch = 2;
  Say(verdict);
  EXPECT_EQ(StandingAt(mark), Standing::kUnproven);
  EXPECT_EQ(MarkTo(60).epoch, 2u);
}

TEST_F(ProofTest, ASegmentWithoutAVerdictIsNotProven) {
  Say(10, 11);
  const ProofMark mark = MarkTo(14);
  Say(12, 14);
  EXPECT_EQ(StandingAt(mark), Standing::kUnproven);
  ProofMark hole = mark;
  hole.from = 10;
  EXPECT_EQ(StandingAt(hole), Standing::kUnproven);
}

TEST_F(ProofTest, WhereNothingWasSaidYetAllCountsFromTheFirst) {
  ProofMark mark = MarkTo(501);
  EXPECT_EQ(mark.from, 0u);
  EXPECT_THAT(Book()->Prove(mark), StatusIs(absl::StatusCode::kNotFound, ::testing::_));
  Say(499, 500);
  EXPECT_EQ(StandingAt(mark), Standing::kPending);
  Say(500, 501);
  EXPECT_EQ(StandingAt(mark), Standing::kEqual);
  EXPECT_EQ(Prove(mark).verified_since, 499u);
}

TEST_F(ProofTest, ANewRunThatJudgedNothingIsNotEqual) {
  ProofMark mark = MarkTo(501);
  model::PairUpdate update;
  update.state = StateAt(600);
  ASSERT_OK(store_->Append({"orders", "dst", {}, std::move(update)}, {}));
  EXPECT_EQ(StandingAt(mark), Standing::kUnproven);
}

}  // namespace
}  // namespace dcp::state
