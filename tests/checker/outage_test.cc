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

TEST_F(OutageTest, IdleSourceIsNotAnOutage) {
  src.Barrier(1);
  dst.Barrier(1);
  Advance(absl::Hours(5));
  EXPECT_THAT(Said(), IsEmpty());
}

}  // namespace
}  // namespace dcp::checker
