// Findings that a verification job ends: docs/semantics.md, section 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

PairOptions With(Compare compare) {
  PairOptions options;
  options.align = Align::kBarrier;
  options.lateness = 0;
  options.compare = compare;
  return options;
}

class VerifiedTest : public ::testing::TestWithParam<Compare>, public test::Streams {
 protected:
  explicit VerifiedTest() : Streams(With(GetParam())) {}

  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
  // A row that the target lacks, found at barrier 2.
  void FindMissing() {
    Both(1);
    src.Put("t.k", "", "a");
    Both(2);
    ASSERT_THAT(Said(), ElementsAre("diff 1..2 t.k:missing"));
  }
  void Verified(uint64_t from, uint64_t to, std::vector<model::Digest> not_equal = {}) {
    checker().NoteVerified({"nightly", "t", from, to, std::move(not_equal)});
  }
  bool IsOpen() const { return !Stored().findings.empty(); }
};

TEST_P(VerifiedTest, EndsAFindingOnceBothSidesAreBehindIt) {
  FindMissing();
  Both(3);
  Verified(3, 4);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 2..3", "same 3..4"));
  src.Barrier(5);
  EXPECT_THAT(Said(), IsEmpty());
  EXPECT_TRUE(IsOpen());
  dst.Barrier(5);
  EXPECT_THAT(Said(), ElementsAre("same 4..5", "resolved t.k by nightly"));
  EXPECT_FALSE(IsOpen());
  EXPECT_EQ(checker().status().open_findings, 0u);
}

TEST_P(VerifiedTest, WhatFollowsIsHeldAgainstTheSourcesState) {
  FindMissing();
  Verified(2, 2);
  Both(3);
  ASSERT_THAT(Said(), ElementsAre("same 2..3", "resolved t.k by nightly"));
  src.Put("t.k", "a", "b");
  dst.Put("t.k", "a", "b");
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 3..4"));
  src.Put("t.k", "b", "c");
  Both(5);
  const bool converge = GetParam() == Compare::kConverge;  // remembers what the target has
  EXPECT_THAT(Said(), ElementsAre(converge ? "diff 4..5 t.k:stale" : "diff 4..5 t.k:missing"));
}

// The rows were read before the finding was made: they prove nothing of it.
TEST_P(VerifiedTest, DoesNotEndWhatWasFoundAfterItBegan) {
  FindMissing();
  Verified(1, 2);
  Both(3);
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 2..3", "same 3..4"));
  EXPECT_TRUE(IsOpen());
}

TEST_P(VerifiedTest, DoesNotEndWhatWasTouchedAfterItBegan) {
  FindMissing();
  Both(3);
  Verified(3, 4);
  src.Put("t.k", "a", "b");
  Both(4);
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("same 2..3", "diff 3..4 known=1", "same 4..5"));
  EXPECT_TRUE(IsOpen());
}

// What a stream did not show may have touched it.
TEST_P(VerifiedTest, DoesNotEndWhatWasNotSeenWholeAfterItBegan) {
  FindMissing();
  Both(3);
  Verified(3, 4);
  dst.Unverified("t", "event");
  Both(4);
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("same 2..3", "unverified 3..4 event", "same 4..5"));
  EXPECT_TRUE(IsOpen());
}

TEST_P(VerifiedTest, DoesNotEndKeysThatDifferNorThoseOfAnotherTable) {
  Both(1);
  src.Put("t.k", "", "a");
  src.Put("t.l", "", "a");
  src.Put("u.k", "", "a");
  src.Put("k", "", "a");  // pushed
  Both(2);
  Said();
  Verified(2, 2, {model::Xxh3("t.k")});
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 2..3", "resolved t.l by nightly"));
  EXPECT_EQ(checker().status().open_findings, 3u);
}

TEST_P(VerifiedTest, EndsWhatIsOpenSinceAnEarlierRunOfTheStreams) {
  FindMissing();
  dst.Open("gap");
  Both(10);
  Verified(10, 11);
  Both(11);
  Both(12);
  EXPECT_THAT(Said(), Contains("resolved t.k by nightly"));
  EXPECT_FALSE(IsOpen());
  src.Put("t.k", "z", "b");
  dst.Put("t.k", "z", "b");
  Both(13);
  EXPECT_THAT(Said(), ElementsAre("same 12..13"));
}

TEST_P(VerifiedTest, IsForgottenWithItsRun) {
  FindMissing();
  Both(3);
  Verified(3, 4);
  dst.Open("gap");
  Both(10);
  Both(11);
  EXPECT_THAT(Said(), Not(Contains("resolved t.k by nightly")));
  EXPECT_TRUE(IsOpen());
}

TEST_P(VerifiedTest, BarriersThatWentBackMeanwhileProveNothing) {
  FindMissing();
  Verified(900, 2);
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 2..3"));
}

TEST_P(VerifiedTest, EndsAFindingAfterARestart) {
  FindMissing();
  Both(3);
  Said();
  test::Streams next(With(GetParam()), Stored());
  next.src.Open();
  next.dst.Open();
  for (uint64_t offset = 1; offset <= 4; ++offset) {
    next.src.Barrier(offset);
    next.dst.Barrier(offset);
    if (offset == 1) next.src.Put("t.k", "", "a");
  }
  ASSERT_THAT(next.Said(), ElementsAre("same 3..4"));
  next.checker().NoteVerified({"nightly", "t", 4, 4, {}});
  next.src.Barrier(5);
  next.dst.Barrier(5);
  EXPECT_THAT(next.Said(), ElementsAre("same 4..5", "resolved t.k by nightly"));
  EXPECT_TRUE(next.Stored().findings.empty());
}

// Read again, the streams show the difference again: it was said, and has ended.
TEST_P(VerifiedTest, IsNotUndoneByARestart) {
  FindMissing();
  Verified(2, 2);
  Both(3);
  Said();
  test::Streams next(With(GetParam()), Stored());
  next.src.Open();
  next.dst.Open();
  for (uint64_t offset = 1; offset <= 4; ++offset) {
    next.src.Barrier(offset);
    next.dst.Barrier(offset);
    if (offset == 1) next.src.Put("t.k", "", "a");
  }
  EXPECT_THAT(next.Said(), ElementsAre("same 3..4"));
  next.src.Put("t.k", "a", "b");
  next.dst.Put("t.k", "a", "b");
  next.src.Barrier(5);
  next.dst.Barrier(5);
  EXPECT_THAT(next.Said(), ElementsAre("same 4..5"));
}

INSTANTIATE_TEST_SUITE_P(, VerifiedTest, ::testing::Values(Compare::kConverge, Compare::kOrdered),
                         [](const auto& c) {
                           return c.param == Compare::kConverge ? "Converge" : "Ordered";
                         });

TEST(VerifiedCountsTest, EndsAFindingOfATableWithoutAKey) {
  test::Streams streams(With(Compare::kConverge));
  const auto both = [&](uint64_t offset) {
    streams.src.Barrier(offset);
    streams.dst.Barrier(offset);
  };
  both(1);
  streams.src.Count("n.k", 1);
  both(2);
  ASSERT_THAT(streams.Said(), ElementsAre("diff 1..2 n.k:missing"));
  streams.checker().NoteVerified({"nightly", "counted", 2, 2, {}});
  both(3);
  ASSERT_THAT(streams.Said(), ElementsAre("same 2..3", "resolved n.k by nightly"));
  streams.src.Count("n.k", -1);
  streams.dst.Count("n.k", -1);
  both(4);
  EXPECT_THAT(streams.Said(), ElementsAre("same 3..4"));
}

}  // namespace
}  // namespace dcp::checker
