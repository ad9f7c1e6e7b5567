// What a restarted check begins with (docs/semantics.md, section 7); that it says what an
// undisturbed one says is tests/checker/model/restart_test.cc's.
#include "checker/resume_trail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;

model::Place At(const std::string& text) { return std::make_shared<const std::string>(text); }

CommonBarrier Shown(uint64_t ordinal) {
  return {
      "", At("s" + std::to_string(ordinal)), {ordinal, At("t" + std::to_string(ordinal))}, ordinal};
}

TEST(ResumeTrailTest, BeginsSomeSegmentsBeforeWhatWasSaid) {
  ResumeTrail trail(2);
  EXPECT_THAT(trail.Get(10, std::nullopt), Eq(std::nullopt));
  trail.Start(10, Shown(1));
  EXPECT_EQ(trail.Get(10, std::nullopt)->from, 10u);
  for (uint64_t n = 1; n <= 5; ++n) trail.Add(10 + n, Shown(1 + n), std::nullopt);
  const auto run = trail.Get(13, std::nullopt);  // two segments wait
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->from, 11u);
  EXPECT_FALSE(run->is_first);
  EXPECT_EQ(run->source_place, "s2");
  EXPECT_EQ(run->target_place, "t2");
  EXPECT_EQ(trail.said_ordinal(), 4u);
  EXPECT_THAT(trail.Get(99, std::nullopt), Eq(std::nullopt));
}

TEST(ResumeTrailTest, GoesBackToWhatOvertookBarriers) {
  ResumeTrail trail(0);
  trail.Start(10, Shown(1));
  trail.Add(11, Shown(2), std::nullopt);
  trail.Add(12, Shown(3), std::nullopt);
  trail.Add(13, Shown(4), TargetPlace{2, At("t2")});  // a part of it stood behind barrier 11
  EXPECT_EQ(trail.Get(12, std::nullopt)->target_place, "t2");
  EXPECT_EQ(trail.Get(12, TargetPlace{1, At("t1")})->target_place, "t1");  // and one is held
  EXPECT_EQ(trail.Get(13, std::nullopt)->target_place, "t4");
  EXPECT_EQ(trail.Get(13, TargetPlace{9, At("t9")})->target_place, "t4");
}

TEST(ResumeTrailTest, StreamsThatTellNoPlaceCannotBeReadAgain) {
  ResumeTrail trail(0);
  trail.Start(10, {"", nullptr, {1, At("t")}, 1});
  EXPECT_THAT(trail.Get(10, std::nullopt), Eq(std::nullopt));
}

class RestoredTest : public ::testing::Test {
 protected:
  void Restore(const model::PairState& state) {
    streams_.emplace(PairOptions(), model::StoredPair{state, {}});
    streams_->src.Open();
    streams_->dst.Open();
  }
  // A check of which segments up to barrier 20 were said; its run cannot be taken up.
  static model::PairState SaidTo20(uint64_t epoch) {
    model::PairState state;
    state.epoch = epoch;
    state.said_to = 20;
    return state;
  }
  void Barrier(uint64_t offset) {
    streams_->src.Barrier(offset);
    streams_->dst.Barrier(offset);
  }
  std::vector<std::string> Said() { return streams_->Said(); }

  std::optional<test::Streams> streams_;
};

TEST_F(RestoredTest, WhatPassedMeanwhileIsUnverified) {
  Restore(SaidTo20(3));
  EXPECT_THAT(Said(), IsEmpty());
  Barrier(25);
  Barrier(26);
  EXPECT_THAT(Said(), ElementsAre("unverified e3 20..25 restart", "same e3 25..26"));
}

// A server that was set up anew, or a start that lies further back: barriers that were judged
// come again, and their verdicts are others.
TEST_F(RestoredTest, BarriersThatWereJudgedBelongToANewEpoch) {
  Restore(SaidTo20(3));
  Barrier(5);
  Barrier(6);
  EXPECT_THAT(Said(), ElementsAre("unverified e4 20..5 restart", "same e4 5..6"));
}

TEST_F(RestoredTest, AnOutageLastsUntilItsSegmentIsClosed) {
  model::PairState state = SaidTo20(1);
  state.timeout = model::OutcomeHead{"check", "src", "dst", 1, 22, 23, absl::Time()};
  Restore(state);
  streams_->Advance(absl::Seconds(1));
  Barrier(21);
  EXPECT_THAT(Said(), ElementsAre("unverified 20..21 restart"));
  Barrier(23);
  EXPECT_THAT(Said(), ElementsAre("same 21..23", "resolved timeout"));
}

}  // namespace
}  // namespace dcp::checker
