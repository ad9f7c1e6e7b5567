// What barrier rows may do: docs/semantics.md, section 1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BarrierAlignTest : public ::testing::Test, public test::Streams {
 protected:
  BarrierAlignTest()
      : Streams([] {
          PairOptions options;
          options.align = Align::kBarrier;
          options.lateness = 0;
          options.history = 3;
          return options;
        }()) {}
  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
  void BothPut(const std::string& key, const std::string& before, const std::string& after) {
    src.Put(key, before, after);
    dst.Put(key, before, after);
  }
};

TEST_F(BarrierAlignTest, TheRunBeginsAtTheFirstCommonBarrier) {
  src.Barrier(1);
  src.Barrier(2);
  dst.Barrier(2);
  src.Barrier(3);
  dst.Barrier(3);
  EXPECT_THAT(Said(), ElementsAre("same 2..3"));
}

TEST_F(BarrierAlignTest, BarrierMissedByTheTargetMergesSegments) {
  Both(1);
  src.Put("k", "", "a");
  src.Barrier(2);
  dst.Put("k", "", "a");
  src.Barrier(3);
  dst.Barrier(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..3"));
}

TEST_F(BarrierAlignTest, BarrierMissedByTheSourceMergesSegments) {
  Both(1);
  dst.Barrier(2);
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..3"));
}

TEST_F(BarrierAlignTest, EachSideMissesAnother) {
  Both(1);
  src.Barrier(2);
  dst.Barrier(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..4"));
}

TEST_F(BarrierAlignTest, RepeatedBarrierIsOne) {
  Both(1);
  src.Barrier(1);
  dst.Barrier(1);
  Both(2);
  src.Barrier(2);
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(BarrierAlignTest, TargetAheadOfTheSourceWaits) {
  dst.Barrier(1);
  dst.Put("k", "", "a");
  dst.Barrier(2);
  dst.Barrier(3);
  EXPECT_THAT(Said(), IsEmpty());
  src.Barrier(1);
  src.Put("k", "", "a");
  src.Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(BarrierAlignTest, ReplayOnTheTargetIsAccepted) {
  Both(1);
  BothPut("k", "", "a");
  Both(2);
  BothPut("k", "a", "b");
  Both(3);
  dst.Barrier(2);  // the applier goes back and does segment 3 again
  dst.Put("k", "b", "a");
  dst.Put("k", "a", "b");
  dst.Barrier(3);
  src.Barrier(4);
  dst.Barrier(4);
  src.Barrier(5);
  dst.Barrier(5);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5"));
}

TEST_F(BarrierAlignTest, ReplayBeyondHistoryIsUnverified) {
  Both(10);
  BothPut("k", "a", "b");
  Both(11);
  src.Barrier(12);
  dst.Barrier(5);
  dst.Put("k", "b", "old");
  dst.Put("k", "old", "b");
  dst.Barrier(11);
  dst.Barrier(12);
  Both(13);
  EXPECT_THAT(Said(), ElementsAre("same 10..11", "unverified 11..12 history", "same 12..13"));
}

TEST_F(BarrierAlignTest, SourceGoingBackIsANewEpoch) {
  Both(10);
  Both(11);
  src.Put("k", "", "a");
  src.Barrier(3);
  src.Barrier(4);
  dst.Put("k", "", "a");
  dst.Barrier(3);
  dst.Barrier(4);
  EXPECT_THAT(Said(), ElementsAre("same 10..11", "unverified e2 11..3 epoch", "same e2 3..4"));
}

TEST_F(BarrierAlignTest, AFindingEndsInALaterEpoch) {
  Both(10);
  dst.Put("k", "a", "b");
  Both(11);
  Both(12);
  Both(3);
  BothPut("k", "b", "c");
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("diff 10..11 k:extra", "same 11..12", "unverified e2 12..3 epoch",
                                  "diff e2 3..4 known=1", "resolved k"));
}

TEST_F(BarrierAlignTest, TargetGoingBackIntoTheNewEpochBeforeItsOldBarrier) {
  Both(10);
  src.Barrier(11);
  dst.Barrier(3);  // it missed 11
  dst.Barrier(4);
  EXPECT_THAT(Said(), IsEmpty());
  src.Barrier(3);
  src.Barrier(4);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 10..3 epoch", "same e2 3..4"));
}

TEST_F(BarrierAlignTest, ForeignOffsetOnTheTargetIsIgnored) {
  Both(10);
  dst.Barrier(1000);
  src.Barrier(11);
  dst.Barrier(11);
  Both(12);
  EXPECT_THAT(Said(), ElementsAre("same 10..11", "same 11..12"));
}

TEST_F(BarrierAlignTest, BarrierInTheMiddleOfATransactionCutsThere) {
  Both(1);
  src.Begin();
  src.Put("k", "", "a");
  src.Barrier(2);
  src.Put("l", "", "a");
  src.End();
  dst.Put("k", "", "a");
  dst.Barrier(2);
  dst.Put("l", "", "a");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(BarrierAlignTest, RestartOfAStreamIsUnverifiedUpToTheNextCommonBarrier) {
  Both(1);
  Both(2);
  src.Put("k", "", "a");
  dst.Open("restart");
  src.Barrier(3);
  dst.Barrier(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 restart", "same 3..4"));
}

TEST_F(BarrierAlignTest, RestartOfTheSource) {
  Both(1);
  Both(2);
  dst.Put("k", "", "a");
  src.Open("gap");
  Both(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 gap", "same 3..4"));
}

TEST_F(BarrierAlignTest, FindingStaysOpenOverARestart) {
  Both(1);
  src.Put("k", "", "a");
  Both(2);
  src.Open("gap");
  Both(3);
  src.Put("k", "a", "b");
  Both(4);
  dst.Put("k", "", "b");
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:missing", "unverified 2..3 gap", "diff 3..4 known=1",
                                  "diff 4..5 known=1", "resolved k"));
}

}  // namespace
}  // namespace dcp::checker
