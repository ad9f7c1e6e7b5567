// compare = converge over barrier alignment: docs/semantics.md, sections 2, 4, 5.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/alarm_id.h"
#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using DdlEffect = model::Mark::DdlEffect;

PairOptions Lateness(uint32_t n) {
  PairOptions options;
  options.align = Align::kBarrier;
  options.lateness = n;
  return options;
}

class ConvergeTest : public ::testing::Test, public test::Streams {
 protected:
  explicit ConvergeTest(PairOptions options = Lateness(1)) : Streams(std::move(options)) {}

  // A barrier on both sides.
  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
  void BothPut(const std::string& key, const std::string& before, const std::string& after) {
    src.Put(key, before, after);
    dst.Put(key, before, after);
  }
};

class StrictTest : public ConvergeTest {
 protected:
  StrictTest() : ConvergeTest(Lateness(0)) {}
};

TEST_F(ConvergeTest, EmptySegmentIsSame) {
  Both(1);
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(ConvergeTest, EqualChangesAreSameAtTheSegmentsEnd) {
  Both(1);
  BothPut("k", "", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(ConvergeTest, ChangesBeforeTheFirstBarrierAreDropped) {
  src.Put("k", "", "a");
  dst.Put("z", "", "a");
  Both(1);
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
  EXPECT_EQ(checker().status().dropped_before_start, 2u);
}

TEST_F(ConvergeTest, MissingIsSaidOnceAndResolvedWhenItComes) {
  Both(1);
  src.Put("k", "", "a");
  Both(2);
  EXPECT_THAT(Said(), IsEmpty());  // it may be late by one barrier
  Both(3);
  EXPECT_THAT(Said(), IsEmpty());
  Both(4);  // W broke at barrier 3 (index 2), known one barrier later
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:missing", "same 2..3", "same 3..4"));
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("same 4..5"));
  dst.Put("k", "", "a");
  Both(6);
  EXPECT_THAT(Said(), ElementsAre("diff 5..6 known=1", "resolved k"));
  Both(7);
  EXPECT_THAT(Said(), ElementsAre("same 6..7"));
}

TEST_F(StrictTest, KindsOfDifference) {
  Both(1);
  BothPut("stale", "", "a");
  BothPut("mismatch", "", "a");
  BothPut("healed", "", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
  src.Put("missing", "", "a");
  src.Put("stale", "a", "b");
  src.Put("mismatch", "a", "b");
  dst.Put("mismatch", "a", "x");
  src.Put("healed", "a", "b");
  dst.Put("healed", "a", "x");
  dst.Put("healed", "x", "b");
  dst.Put("extra", "", "x");
  Both(3);
  EXPECT_THAT(Said(),
              ElementsAre("diff 2..3 missing:missing stale:stale mismatch:mismatch healed:healed "
                          "extra:extra",
                          "resolved healed"));
}

TEST_F(StrictTest, TargetComingFromAForeignStateIsHealed) {
  Both(1);
  src.Put("k", "a", "b");
  dst.Put("k", "x", "b");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:healed", "resolved k"));
}

TEST_F(StrictTest, AlarmIsResolvedWithTheLastOfItsKeysAndNotBefore) {
  Both(1);
  src.Put("a", "v", "w");
  dst.Put("a", "x", "w");  // healed at once
  src.Put("b", "", "1");
  Both(2);
  dst.Put("b", "", "1");
  Both(3);
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_TRUE(std::get<model::Resolved>(outcomes[1]).resolves.empty());
  const auto& diff = std::get<model::Verdict>(outcomes[0]);
  EXPECT_THAT(std::get<model::Resolved>(outcomes[3]).resolves,
              ElementsAre(model::AlarmId(diff.head, "diff")));
}

TEST_F(StrictTest, LaterSegmentThatTouchesAnOpenFindingIsKnown) {
  Both(1);
  src.Put("k", "", "a");
  Both(2);
  src.Put("k", "a", "b");
  Both(3);
  dst.Put("k", "", "b");
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:missing", "diff 2..3 known=1", "diff 3..4 known=1",
                                  "resolved k"));
}

TEST_F(ConvergeTest, RowMayCrossABarrierEitherWay) {
  Both(1);
  src.Put("late", "", "a");
  dst.Put("early", "", "a");
  Both(2);
  dst.Put("late", "", "a");
  src.Put("early", "", "a");
  Both(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4"));
}

TEST_F(ConvergeTest, RowCrossingTwoBarriersIsNotSame) {
  Both(1);
  src.Put("k", "", "a");
  Both(2);
  Both(3);
  dst.Put("k", "", "a");
  Both(4);
  EXPECT_THAT(Said(),
              ElementsAre("diff 1..2 k:missing", "same 2..3", "diff 3..4 known=1", "resolved k"));
}

TEST_F(ConvergeTest, HotRowAlwaysOneChangeBehindIsDecided) {
  Both(1);
  src.Put("k", "v0", "v1");
  Both(2);
  for (uint64_t i = 1; i < 8; ++i) {
    const auto v = [&](uint64_t n) { return "v" + std::to_string(n); };
    src.Put("k", v(i), v(i + 1));
    dst.Put("k", v(i - 1), v(i));
    Both(i + 2);
  }
  const auto said = Said();
  EXPECT_GE(said.size(), 5u);
  for (const std::string& text : said) EXPECT_THAT(text, ::testing::StartsWith("same"));
}

TEST_F(ConvergeTest, MergedUpsertedAndRepeatedApplicationIsSame) {
  Both(1);
  src.Put("merged", "", "a");
  src.Put("merged", "a", "b");
  dst.Put("merged", "", "b");
  src.Put("repeated", "", "a");
  src.Put("repeated", "a", "b");
  dst.Put("repeated", "", "a");
  dst.Put("repeated", "a", "b");
  dst.Put("repeated", "b", "a");
  dst.Put("repeated", "a", "b");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(ConvergeTest, EarlyTargetVersionsAreNotHeldAgainstIt) {
  Both(1);
  dst.Put("k", "v0", "v1");  // the source had this before its start
  Both(2);
  Both(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4"));
  dst.Put("k2", "v0", "v1");
  Both(5);
  Both(6);
  EXPECT_THAT(Said(), ElementsAre("diff 4..5 k2:extra", "same 5..6"));
}

TEST_F(StrictTest, PushedUpdateTellsOnlyItsAfterVersion) {
  Both(1);
  src.Put("k", "", "a");
  dst.Put("k", "?", "a");  // INSERT on one side, UPDATE on the other
  src.Put("l", "?", "a");
  dst.Put("l", "", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(StrictTest, RowsWithoutAKeyAreCounted) {
  Both(1);
  src.Count("r", 1);
  src.Count("r", 1);
  dst.Count("r", 1);
  dst.Count("r", 1);
  Both(2);
  src.Count("r", 1);
  Both(3);
  src.Count("r", -1);
  Both(4);
  EXPECT_THAT(Said(),
              ElementsAre("same 1..2", "diff 2..3 r:stale", "diff 3..4 known=1", "resolved r"));
}

TEST_F(StrictTest, UnverifiedMarkConcernsItsTableOnly) {
  Both(1);
  src.Put("t.k", "", "a");
  src.Unverified("t", "image");
  BothPut("u.k", "", "a");
  Both(2);
  dst.Put("t.k", "", "zzz");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("unverified 1..2 image", "diff 2..3 t.k:extra"));
}

TEST_F(StrictTest, DifferenceInAnotherTableIsSaidBesideUnverified) {
  Both(1);
  src.Unverified("t", "image");
  src.Put("u.k", "", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 u.k:missing image"));
}

TEST_F(StrictTest, TruncateOnBothSidesEndsFindings) {
  Both(1);
  src.Put("t.k", "", "a");
  Both(2);
  src.Ddl("t", "TRUNCATE t", DdlEffect::kRowsGone);
  dst.Ddl("t", "TRUNCATE t", DdlEffect::kRowsGone);
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing", "same 2..3", "resolved t.k"));
}

TEST_F(StrictTest, DdlOnOneSideIsADifferenceUntilTheOtherRunsIt) {
  Both(1);
  src.Ddl("t", "TRUNCATE t", DdlEffect::kRowsGone);
  Both(2);
  BothPut("t.k", "", "a");
  Both(3);
  dst.Ddl("t", "TRUNCATE t", DdlEffect::kRowsGone);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t[ddl]:ddl", "same 2..3", "diff 3..4 known=1",
                                  "resolved t[ddl]"));
}

TEST_F(StrictTest, HistoryEnds) {
  Streams streams([] {
    PairOptions options = Lateness(0);
    options.history = 2;
    return options;
  }());
  streams.src.Barrier(1);
  streams.dst.Barrier(1);
  streams.src.Put("k", "", "a");
  streams.dst.Put("k", "", "a");
  for (uint64_t b = 2; b <= 5; ++b) {
    streams.src.Barrier(b);
    streams.dst.Barrier(b);
  }
  (void)streams.Said();
  streams.dst.Put("k", "a", "x");
  streams.src.Barrier(6);
  streams.dst.Barrier(6);
  // Forgotten after two quiet segments: nothing is known of the source's touch.
  EXPECT_THAT(streams.Said(), ElementsAre("diff 5..6 k:extra"));
}

TEST_F(StrictTest, MoreDifferencesThanRowsAreCounted) {
  Streams streams([] {
    PairOptions options = Lateness(0);
    options.max_diff_rows = 1;
    return options;
  }());
  streams.src.Barrier(1);
  streams.dst.Barrier(1);
  streams.src.Put("a", "", "1");
  streams.src.Put("b", "", "1");
  streams.src.Barrier(2);
  streams.dst.Barrier(2);
  EXPECT_THAT(streams.Said(), ElementsAre("diff 1..2 a:missing n=2"));
}

// --- confirm ---

class ConfirmTest : public ConvergeTest {
 protected:
  ConfirmTest()
      : ConvergeTest([] {
          PairOptions options = Lateness(0);
          options.confirm = true;
          return options;
        }()) {
    Both(1);
    src.Put("t.k", "", "a");
    Both(2);
  }
};

TEST_F(ConfirmTest, DifferenceWaitsForItsRowsToBeRead) {
  EXPECT_THAT(Said(), IsEmpty());
  const auto requests = Requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].row.key_text, "t.k");
  Answer(requests[0], model::RowAnswer::Kind::kDifferent);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing"));
}

TEST_F(ConfirmTest, UndecidedReadLeavesItAsInferred) {
  Answer(Requests()[0], model::RowAnswer::Kind::kUndecided);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing"));
}

TEST_F(ConfirmTest, EqualRowsAreMerelyLateUntilTheStreamShowsThem) {
  Answer(Requests()[0], model::RowAnswer::Kind::kEqual, 2);
  dst.Put("t.k", "", "a");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(ConfirmTest, EqualRowsThatTheStreamNeverShowsWereHealed) {
  Answer(Requests()[0], model::RowAnswer::Kind::kEqual, 2);
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:healed", "same 2..3", "resolved t.k"));
}

TEST_F(ConfirmTest, KeyTouchedWhileItsRowsAreReadStaysAsInferred) {
  const auto requests = Requests();
  src.Put("t.k", "a", "b");
  Both(3);
  Both(4);
  Answer(requests[0], model::RowAnswer::Kind::kEqual, 3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing", "diff 2..3 known=1", "same 3..4"));
  dst.Put("t.k", "", "b");
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("diff 4..5 known=1", "resolved t.k"));
}

// Of a row that the source never touched only the target's change is known: it may have made the
// row right, as a repair does.
TEST_F(ConfirmTest, TargetAloneThatIsEqualNowWasHealed) {
  Answer(Requests()[0], model::RowAnswer::Kind::kDifferent);
  dst.Put("t.r", "wrong", "right");
  dst.Put("t.s", "right", "wrong");
  Both(3);
  const auto requests = Requests();
  ASSERT_EQ(requests.size(), 2u);
  for (const auto& request : requests) {
    Answer(request,
           request.row.key_text == "t.r" ? model::RowAnswer::Kind::kEqual
                                         : model::RowAnswer::Kind::kDifferent,
           3);
  }
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing", "diff 2..3 t.s:extra t.r:healed",
                                  "same 3..4", "resolved t.r"));
}

TEST_F(ConfirmTest, AnswerOfAnEndedRunIsIgnored) {
  const auto requests = Requests();
  dst.Open("restart");
  src.Barrier(3);
  Answer(requests[0], model::RowAnswer::Kind::kDifferent);
  EXPECT_THAT(Said(), ElementsAre("unverified 1..2 restart"));
}

}  // namespace
}  // namespace dcp::checker
