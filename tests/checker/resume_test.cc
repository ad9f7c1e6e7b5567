// A check that is taken up again: docs/semantics.md, section 7. What the property test
// (model/restart_test.cc) does not reach: what is stored before the run has come again to
// where it was, and runs that cannot be taken up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ResumeTest : public ::testing::TestWithParam<Align> {
 protected:
  ResumeTest() {
    options_.align = GetParam();
    options_.lateness = 0;
    options_.history = 1;  // three segments are read again
    options_.timeout = absl::Seconds(10);
    streams_ = std::make_unique<test::Streams>(options_);
  }

  test::StreamWriter& src() { return streams_->src; }
  test::StreamWriter& dst() { return streams_->dst; }
  std::vector<std::string> Said() { return streams_->Said(); }
  const model::StoredPair& Stored() const { return streams_->Stored(); }

  // Barriers from `first` to `last` on both sides.
  void Both(uint64_t first, uint64_t last) {
    for (uint64_t offset = first; offset <= last; ++offset) {
      Source(offset);
      Target(offset);
    }
  }
  void Source(uint64_t offset) { src().Gtid(gtid_ + offset).Barrier(offset); }
  void Target(uint64_t offset) { dst().Gtid(gtid_ + offset).Barrier(offset); }

  // The program ends here and begins anew; `reason` as the collectors give it.
  void Restart(const std::string& reason = "") {
    const model::StoredPair stored = stored_ ? *std::exchange(stored_, std::nullopt) : Stored();
    streams_ = std::make_unique<test::Streams>(options_, stored);
    src().Open(reason);
    dst().Open(reason);
  }

  // As cmd/dcp/resume.cc does where the streams cannot be read again.
  void LoseRun() {
    stored_ = Stored();
    stored_->state.run.reset();
    stored_->state.lost_reason = "gap";
  }

  PairOptions options_;
  std::optional<model::StoredPair> stored_;  // what the next Restart() finds; else Stored()
  uint64_t gtid_ = 0;                        // number of the GTID before that of barrier 1
  std::unique_ptr<test::Streams> streams_;
};

TEST_P(ResumeTest, MayBeCutOffAgainBeforeItIsWhereItWas) {
  Both(1, 8);
  Said();
  for (uint64_t read = 5; read <= 8; ++read) {
    Restart();
    Both(5, read);
    EXPECT_THAT(Said(), IsEmpty());
    ASSERT_TRUE(Stored().state.run.has_value()) << "read again to " << read;
    EXPECT_EQ(Stored().state.run->source_place, "5");
    EXPECT_EQ(Stored().state.said_to, 8u);
  }
  Restart();
  Both(5, 9);
  EXPECT_THAT(Said(), ElementsAre("same 8..9"));
}

// What was judged before is never late again, and what follows it is.
TEST_P(ResumeTest, ATargetThatIsLateWhileItReadsAgainIsLateWithWhatFollows) {
  Both(1, 8);
  Said();
  Restart();
  for (uint64_t offset = 5; offset <= 8; ++offset) Source(offset);
  Target(5);
  Target(6);
  streams_->Advance(absl::Seconds(60));
  EXPECT_THAT(Said(), IsEmpty());
  Source(9);
  streams_->Advance(absl::Seconds(60));
  EXPECT_THAT(Said(), ElementsAre("timeout 8..9 last=6"));
  Target(7);
  EXPECT_THAT(Said(), IsEmpty());
  Target(8);
  Target(9);
  EXPECT_THAT(Said(), ElementsAre("same 8..9 late", "resolved timeout"));
}

TEST_P(ResumeTest, WhatIsSaidWhileItReadsAgainIsStoredWithTheRun) {
  Both(1, 8);
  Said();
  Restart();
  Both(5, 6);
  for (uint64_t offset = 7; offset <= 9; ++offset) Source(offset);
  streams_->Advance(absl::Seconds(11));
  EXPECT_THAT(Said(), ElementsAre("timeout 8..9 last=6"));
  Restart();
  Both(5, 9);
  streams_->Advance(absl::ZeroDuration());
  EXPECT_THAT(Said(), ElementsAre("same 8..9", "resolved timeout"));
}

TEST_P(ResumeTest, BarriersThatBeganAnewMeanwhileAreANewEpoch) {
  Both(1, 8);
  Said();
  gtid_ = 100;
  Restart("reset");
  Both(1, 3);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 8..1 reset", "same e2 1..2", "same e2 2..3"));
}

TEST_P(ResumeTest, BarriersThatBeginAnewBehindAGapAreANewEpoch) {
  Both(1, 8);
  Said();
  gtid_ = 100;
  src().Open("reset");
  dst().Open("reset");
  Both(1, 3);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 8..1 reset", "same e2 1..2", "same e2 2..3"));
  Restart();
  Both(1, 4);
  EXPECT_THAT(Said(), ElementsAre("same e2 3..4"));
}

TEST_P(ResumeTest, AnEpochLastsWithoutARun) {
  Both(1, 8);
  gtid_ = 100;
  Both(1, 4);
  Said();
  LoseRun();
  Restart();
  gtid_ = 200;
  Both(6, 8);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 4..6 gap", "same e2 6..7", "same e2 7..8"));
}

TEST_P(ResumeTest, WithoutARunBarriersFromBeforeAreNotThoseThatWereJudged) {
  Both(1, 8);
  Said();
  LoseRun();
  Restart();
  gtid_ = 100;
  src().Put("k", "", "a");
  Both(1, 2);
  src().Put("k", "a", "b");
  Both(3, 4);
  EXPECT_THAT(Said(), ElementsAre("unverified e2 8..1 gap", "same e2 1..2",
                                  "diff e2 2..3 k:missing", "same e2 3..4"));
}

// A parallel replica: what ends segment 8..9 comes behind a row of the next segment, and between
// them stands a write of the target's own to that row. It is judged with the next segment, which
// is not said when the program ends.
TEST(ResumeOwnWriteTest, AnOwnWriteThatWaitsForTheNextSegmentIsNotJudgedYet) {
  PairOptions options;
  options.align = Align::kGtid;
  options.lateness = 0;
  options.history = 1;
  options.timeout = absl::Seconds(10);
  const auto barrier = [](test::StreamWriter& side, uint64_t offset, uint64_t gtid) {
    side.Gtid(gtid).Barrier(offset);
  };
  const auto until_nine = [&](test::Streams& streams, uint64_t from) {
    for (uint64_t offset = from; offset <= 8; ++offset) {
      barrier(streams.src, offset, offset);
      barrier(streams.dst, offset, offset);
    }
    streams.src.Gtid(9).Put("x", "", "1");
    barrier(streams.src, 9, 10);
    barrier(streams.dst, 9, 10);
    streams.dst.Gtid(11).Put("k", "", "b");
    streams.dst.Gtid(1, 2).Put("k", "b", "own");
    streams.dst.Gtid(9).Put("x", "", "1");
  };
  const auto until_ten = [&](test::Streams& streams) {
    streams.src.Gtid(11).Put("k", "", "b");
    barrier(streams.src, 10, 12);
    barrier(streams.dst, 10, 12);
  };
  test::Streams calm(options), first(options);
  for (test::Streams* streams : {&calm, &first}) {
    streams->src.Open();
    streams->dst.Open();
    until_nine(*streams, 1);
    EXPECT_THAT(streams->Said(), ::testing::Contains("same 8..9"));
  }
  until_ten(calm);
  EXPECT_THAT(calm.Said(), ElementsAre("diff 9..10 k:mismatch"));

  test::Streams second(options, first.Stored());
  second.src.Open();
  second.dst.Open();
  until_nine(second, 5);
  EXPECT_THAT(second.Said(), IsEmpty());
  until_ten(second);
  EXPECT_THAT(second.Said(), ElementsAre("diff 9..10 k:mismatch"));
}

INSTANTIATE_TEST_SUITE_P(, ResumeTest,
                         ::testing::Values(Align::kBarrier, Align::kGtid, Align::kAuto),
                         [](const auto& align) {
                           return align.param == Align::kBarrier ? "Barrier"
                                  : align.param == Align::kGtid  ? "Gtid"
                                                                 : "Auto";
                         });

}  // namespace
}  // namespace dcp::checker
