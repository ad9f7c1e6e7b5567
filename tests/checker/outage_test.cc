// The clock: docs/semantics.md, section 6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OutageTest : public ::testing::Test, public test::Streams {
 protected:
  OutageTest()
      : Streams([] {
          PairOptions options;
          options.timeout = absl::Seconds(30);
          return options;
        }()) {}
};

TEST_F(OutageTest, SilentTargetTimesOutOnceAndItsVerdictsAreLate) {
  src.Barrier(1);
  dst.Barrier(1);
  src.Barrier(2);
  Advance(absl::Seconds(29));
  EXPECT_THAT(Said(), IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(Said(), ElementsAre("timeout 1..2 last=1"));
  src.Barrier(3);
  Advance(absl::Seconds(60));
  EXPECT_THAT(Said(), IsEmpty());
  dst.Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2 late"));
  dst.Barrier(3);
  EXPECT_THAT(Said(), ElementsAre("same 2..3 late", "resolved timeout"));
}

TEST_F(OutageTest, TargetThatNeverShowedABarrierTimesOutToo) {
  src.Barrier(7);
  dst.Put("k", "", "a");
  Advance(absl::Seconds(31));
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  const auto& timeout = std::get<model::Timeout>(outcomes[0]);
  EXPECT_THAT(timeout.detail, ::testing::HasSubstr("sends data but no barrier"));
  EXPECT_EQ(timeout.lag, absl::Seconds(31));
}

TEST_F(OutageTest, TargetThatExecutesBarriersWithoutShowingThemTimesOut) {
  src.Gtid(1).Barrier(1);
  dst.Gtid(1).Barrier(1);
  for (uint64_t n = 2; n <= 4; ++n) {
    src.Gtid(n).Barrier(n);
    dst.Gtid(n).Begin().End();
    Advance(absl::Seconds(10));
  }
  EXPECT_THAT(checker().status().pending_segments, 1u);
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(test::Text(outcomes[0]), "timeout 1..2 last=1");
  EXPECT_THAT(std::get<model::Timeout>(outcomes[0]).detail, ::testing::HasSubstr("filter"));
  src.Gtid(5).Barrier(5);
  dst.Gtid(5).Barrier(5);
  EXPECT_THAT(Said(), ElementsAre("same 1..5 late", "resolved timeout"));
}

TEST_F(OutageTest, TargetThatNeverShowsABarrierThatItExecutesTimesOut) {
  Streams streams([] {
    PairOptions options;
    options.align = Align::kGtid;
    return options;
  }());
  for (uint64_t n = 1; n <= 3; ++n) {
    streams.src.Gtid(n).Barrier(n);
    streams.dst.Gtid(n).Begin().End();
  }
  streams.Advance(absl::Seconds(30));
  EXPECT_THAT(streams.Said(), ElementsAre("timeout 1..1 last=0"));
  streams.src.Gtid(4).Barrier(4);
  streams.dst.Gtid(4).Barrier(4);
  EXPECT_THAT(streams.Said(), ElementsAre("resolved timeout"));
}

TEST_F(OutageTest, MergedSegmentIsLateFromTheBarrierThatTheTargetMissed) {
  src.Barrier(1);
  dst.Barrier(1);
  src.Barrier(2);
  Advance(absl::Seconds(31));
  EXPECT_THAT(Said(), ElementsAre("timeout 1..2 last=1"));
  src.Barrier(3);
  dst.Barrier(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..3 late", "resolved timeout"));
}

class SilenceTest : public ::testing::Test, public test::Streams {
 protected:
  SilenceTest()
      : Streams([] {
          PairOptions options;
          options.timeout = absl::Hours(1);
          options.silence = absl::Seconds(30);
          return options;
        }()) {}

  // The detail of the timeout that must be all that is said.
  std::string Detail() {
    const auto outcomes = Outcomes();
    if (outcomes.size() != 1 || !std::holds_alternative<model::Timeout>(outcomes[0])) return "?";
    const auto& timeout = std::get<model::Timeout>(outcomes[0]);
    EXPECT_TRUE(timeout.of_source);
    return timeout.detail;
  }
};

TEST_F(SilenceTest, SourceWithoutAnyBarrierIsSaidOnceAndResolved) {
  Advance(absl::Seconds(29));
  EXPECT_THAT(Said(), IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(Said(), ElementsAre("timeout 0..0 last=0"));
  Advance(absl::Hours(1));
  EXPECT_THAT(Said(), IsEmpty());
  src.Barrier(7);
  EXPECT_THAT(Said(), ElementsAre("resolved timeout"));
  Advance(absl::Minutes(30));
  EXPECT_THAT(Said(), IsEmpty());
}

TEST_F(SilenceTest, DataWithoutABarrierIsSaid) {
  src.Barrier(1);
  dst.Barrier(1);
  Advance(absl::Minutes(5));
  src.Put("k", "", "a");
  Advance(absl::Seconds(29));
  src.Put("k", "a", "b");
  Advance(absl::Hours(1));
  EXPECT_THAT(Said(), IsEmpty());
  src.Put("k", "b", "c");
  EXPECT_THAT(Detail(), ::testing::HasSubstr("sends data but no barrier"));
  src.Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("resolved timeout"));
}

// dcp itself may have read nothing for a while: a target was down, and the buffers full.
TEST_F(SilenceTest, AStreamWhoseReadingWasHeldUpIsNotSilent) {
  const absl::Time start = now().wall;
  src.Barrier(1);
  dst.Barrier(1);
  src.Put("k", "", "a");
  Advance(absl::Hours(1));
  src.Committed(start + absl::Seconds(1)).Put("k", "a", "b");
  Advance(absl::Seconds(1));
  src.Committed(start + absl::Seconds(2)).Barrier(2);
  EXPECT_THAT(Said(), IsEmpty());
}

TEST_F(SilenceTest, AClockThatJumpsIsNoSilence) {
  src.Barrier(1);
  src.Put("k", "", "a");
  Advance(absl::Seconds(1));
  src.Committed(now().wall + absl::Hours(2)).Put("k", "a", "b");
  src.Barrier(2);
  EXPECT_THAT(Said(), IsEmpty());
}

TEST_F(SilenceTest, ASourceThatIsWrittenWithBarriersIsNotSilent) {
  src.Barrier(1);
  for (uint64_t n = 2; n < 10; ++n) {
    src.Put("k", "", "a");
    Advance(absl::Seconds(20));
    src.Barrier(n);
    Advance(absl::Seconds(20));
  }
  EXPECT_THAT(Said(), IsEmpty());
}

TEST_F(SilenceTest, AStreamThatNeverBeginsIsSilentToo) {
  PairOptions options;
  options.silence = absl::Seconds(30);
  PairChecker checker(options);
  checker.Tick({absl::UnixEpoch(), absl::Seconds(5)});
  checker.Tick({absl::UnixEpoch(), absl::Seconds(35)});
  const auto outcomes = checker.TakeReport().outcomes;
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_THAT(std::get<model::Timeout>(outcomes[0]).detail, ::testing::HasSubstr("has not begun"));
}

TEST_F(OutageTest, IdleSourceIsNotAnOutage) {
  src.Barrier(1);
  dst.Barrier(1);
  Advance(absl::Hours(5));
  EXPECT_THAT(Said(), IsEmpty());
}

}  // namespace
}  // namespace dcp::checker
