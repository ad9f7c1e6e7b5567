// align = gtid: docs/semantics.md, section 1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GtidAlignTest : public ::testing::Test, public test::Streams {
 protected:
  explicit GtidAlignTest(Align align = Align::kAuto)
      : Streams([&] {
          PairOptions options;
          options.align = align;
          return options;
        }()) {}
  void Both(uint64_t gtid, uint64_t offset) {
    src.Gtid(gtid).Barrier(offset);
    dst.Gtid(gtid).Barrier(offset);
  }
};

TEST_F(GtidAlignTest, AutoTakesGtidsWhereTheBarriersCarryThem) {
  Both(1, 1);
  EXPECT_EQ(checker().status().align, Align::kGtid);
}

TEST_F(GtidAlignTest, AutoTakesBarriersElsewhere) {
  src.Gtid(1).Barrier(1);
  dst.Gtid(1, 2).Barrier(1);
  EXPECT_EQ(checker().status().align, Align::kBarrier);
  EXPECT_THAT(checker().status().align_reason, ::testing::HasSubstr("does not carry"));
}

TEST_F(GtidAlignTest, TransactionsMayOvertakeBarriersEitherWay) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  src.Gtid(3).Barrier(2);
  src.Gtid(4).Put("b", "", "1");
  src.Gtid(5).Barrier(3);
  dst.Gtid(4).Put("b", "", "1");
  dst.Gtid(3).Barrier(2);
  dst.Gtid(5).Barrier(3);
  EXPECT_THAT(Said(), IsEmpty());
  dst.Gtid(2).Put("a", "", "1");
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(GtidAlignTest, SkippedTransactionIsMissingAtOnce) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  dst.Gtid(2).Begin().End();  // MySQL logs an empty one
  Both(3, 2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:missing"));
}

TEST_F(GtidAlignTest, WriteOfTheTargetsOwnIsExtraAtOnce) {
  Both(1, 1);
  dst.Gtid(1, 2).Put("a", "", "x");
  Both(2, 2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:extra"));
}

TEST_F(GtidAlignTest, DifferenceNamesTheSourcesLastTransactionOfTheKey) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  dst.Gtid(2).Put("a", "", "1");
  Both(3, 2);
  Both(4, 3);
  dst.Gtid(1, 2).Put("a", "1", "x");
  Both(5, 4);
  const auto outcomes = Outcomes();
  const auto& verdict = std::get<model::Verdict>(outcomes.back());
  ASSERT_EQ(verdict.diffs.size(), 1u);
  EXPECT_EQ(verdict.diffs[0].kind, model::DiffKind::kMismatch);
  ASSERT_TRUE(verdict.diffs[0].source && verdict.diffs[0].target);
  EXPECT_EQ(verdict.diffs[0].source->txn, "00000000-0000-0000-0000-000000000001:2");
  EXPECT_EQ(verdict.diffs[0].target->txn, "00000000-0000-0000-0000-000000000002:1");
}

TEST_F(GtidAlignTest, OwnWriteBehindALaterSegmentsChangeStaysBehindIt) {
  Both(1, 1);
  src.Gtid(2).Put("slow", "", "1");
  src.Gtid(3).Barrier(2);
  src.Gtid(4).Put("a", "v0", "v1");
  src.Gtid(5).Barrier(3);
  dst.Gtid(4).Put("a", "v0", "v1");
  dst.Gtid(1, 2).Put("a", "v1", "x");
  dst.Gtid(2).Put("slow", "", "1");
  dst.Gtid(3).Barrier(2);
  dst.Gtid(5).Barrier(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 a:mismatch"));
}

TEST_F(GtidAlignTest, TransactionUnknownToTheSourceIsOwnAfterTwoBarriers) {
  Both(1, 1);
  dst.Gtid(77, 9).Put("a", "", "x");
  Both(2, 2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
  Both(3, 3);
  EXPECT_THAT(Said(), ElementsAre("diff 2..3 a:extra"));
}

TEST_F(GtidAlignTest, TransactionThatTheSourceWillStillShowIsNotTheTargetsOwn) {
  src.Gtid(1, 9).Put("z", "", "1");  // the source replicates from server 9
  Both(1, 1);
  dst.Gtid(7, 9).Put("a", "", "1");
  for (uint64_t b = 2; b <= 5; ++b) Both(b, b);
  src.Gtid(7, 9).Put("a", "", "1");
  Both(6, 6);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6"));
}

TEST_F(GtidAlignTest, TransactionThatTheSourcePassedByIsTheTargetsOwn) {
  src.Gtid(1, 9).Put("z", "", "1");
  Both(1, 1);
  dst.Gtid(7, 9).Put("a", "", "x");
  src.Gtid(8, 9).Put("b", "", "1");
  dst.Gtid(8, 9).Put("b", "", "1");
  for (uint64_t b = 2; b <= 5; ++b) Both(b, b);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "diff 4..5 a:extra"));
}

TEST_F(GtidAlignTest, TransactionThatTheSourceNeverShowsIsUnverifiedInTheEnd) {
  src.Gtid(1, 9).Put("z", "", "1");
  Both(1, 1);
  dst.Gtid(7, 9).Put("a", "", "x");
  for (uint64_t b = 2; b <= 103; ++b) Both(b, b);
  EXPECT_THAT(Said(), ::testing::Contains("unverified 101..102 gap"));
}

TEST_F(GtidAlignTest, SegmentsTheTargetExecutedBeforeItsStreamAreDropped) {
  model::GtidSet executed;
  for (uint64_t n = 1; n <= 3; ++n) {
    model::Gtid gtid;
    gtid.source.uuid[15] = 1;
    gtid.number = n;
    executed.Add(gtid);
  }
  dst.Open("", executed);
  src.Gtid(1).Barrier(1);
  src.Gtid(2).Barrier(2);
  src.Gtid(3).Put("a", "", "1");
  src.Gtid(4).Barrier(3);
  src.Gtid(5).Put("b", "", "1");
  src.Gtid(6).Barrier(4);
  dst.Gtid(4).Barrier(3);
  dst.Gtid(5).Put("b", "", "1");
  dst.Gtid(6).Barrier(4);
  EXPECT_THAT(Said(), ElementsAre("same 3..4"));
}

TEST_F(GtidAlignTest, BarrierThatTheTargetSkippedMergesSegments) {
  Both(1, 1);
  src.Gtid(2).Barrier(2);
  dst.Gtid(2).Begin().End();
  Both(3, 3);
  EXPECT_THAT(Said(), ElementsAre("same 1..3"));
}

TEST_F(GtidAlignTest, RunOfOneBarrierIsARunToo) {
  Both(1, 100);
  Both(2, 5);
  Both(3, 1);
  Both(4, 2);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 100..5 epoch", "unverified e3 5..1 epoch",
                                  "same e3 1..2"));
}

TEST_F(GtidAlignTest, RestartOfTheTargetIsUnverified) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  src.Gtid(3).Barrier(2);
  model::GtidSet executed;
  model::Gtid last;
  last.source.uuid[15] = 1;
  last.number = 2;
  executed.Add(last);
  dst.Open("gap", executed);
  dst.Gtid(3).Barrier(2);
  Both(4, 3);
  EXPECT_THAT(Said(), ElementsAre("unverified 1..2 gap", "same 2..3"));
}

TEST_F(GtidAlignTest, RowThatWasRightBeforeIsHealedWhenBothRowsAreRead) {
  Streams streams([] {
    PairOptions options;
    options.confirm = true;
    return options;
  }());
  streams.src.Gtid(1).Barrier(1);
  streams.dst.Gtid(1).Barrier(1);
  streams.src.Gtid(2).Put("t.a", "", "1");
  streams.dst.Gtid(2).Begin().End();
  streams.src.Gtid(3).Barrier(2);
  streams.dst.Gtid(3).Barrier(2);
  const auto requests = streams.Requests();
  ASSERT_EQ(requests.size(), 1u);
  streams.Answer(requests[0], model::RowAnswer::Kind::kEqual, 2);
  EXPECT_THAT(streams.Said(), ElementsAre("diff 1..2 t.a:healed", "resolved t.a"));
}

}  // namespace
}  // namespace dcp::checker
