// origin = source: docs/semantics.md, section 1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;

PairOptions OfSource(Align align) {
  PairOptions options;
  options.align = align;
  options.origin = Origin::kSource;
  options.lateness = 0;
  return options;
}

class OriginTest : public ::testing::Test, public test::Streams {
 protected:
  explicit OriginTest(Align align = Align::kAuto) : Streams(OfSource(align)) {}
  void Both(uint64_t gtid, uint64_t offset) {
    src.Gtid(gtid).Barrier(offset);
    dst.Gtid(gtid).Barrier(offset);
  }
};

TEST_F(OriginTest, WhatTheTargetWroteIsLeftToTheOppositeCheck) {
  Both(1, 1);
  dst.Gtid(1, 2).Put("b", "", "1");
  src.Gtid(1, 2).Put("b", "", "1");  // comes back
  src.Gtid(2).Put("a", "", "1");
  dst.Gtid(2).Put("a", "", "1");
  Both(3, 2);
  dst.Gtid(2, 2).Put("b", "1", "2");  // and this one is late on the source
  Both(4, 3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(OriginTest, RowWrittenOnBothSidesInTurnIsTheSame) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  dst.Gtid(2).Put("a", "", "1");
  Both(3, 2);
  dst.Gtid(1, 2).Put("a", "1", "2");
  src.Gtid(1, 2).Put("a", "1", "2");
  src.Gtid(4).Put("a", "2", "3");
  dst.Gtid(4).Put("a", "2", "3");
  Both(5, 3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(OriginTest, WhatComesBackToAMariaDbSourceIsNotAwaited) {
  src.Gtid("1-1-1").Barrier(1);
  dst.Gtid("1-1-1").Barrier(1);
  dst.Gtid("2-2-1").Put("b", "", "1");
  src.Gtid("2-2-1").Put("b", "", "1");
  src.Gtid("1-1-2").Put("a", "", "1");
  dst.Gtid("1-1-2").Put("a", "", "1");
  src.Gtid("1-1-3").Barrier(2);
  dst.Gtid("1-1-3").Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(OriginTest, OwnWritesOfAMariaDbTargetPassNothingOfTheSources) {
  src.Gtid("0-1-1").Barrier(1);
  dst.Gtid("0-1-1").Barrier(1);
  src.Gtid("0-1-2").Put("a", "", "1");
  src.Gtid("0-2-3").Put("b", "", "1");
  src.Gtid("0-1-4").Barrier(2);
  dst.Gtid("0-2-3").Put("b", "", "1");
  EXPECT_THAT(Said(), ::testing::IsEmpty());
  dst.Gtid("0-1-2").Put("a", "", "1");
  dst.Gtid("0-1-4").Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(OriginTest, LostWriteOfTheSourceIsMissing) {
  Both(1, 1);
  src.Gtid(2).Put("a", "", "1");
  dst.Gtid(2).Begin().End();
  dst.Gtid(1, 2).Put("b", "", "1");
  Both(3, 2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:missing"));
}

TEST_F(OriginTest, WhatTheSourceNeverShowsIsLeftOut) {
  Both(1, 1);
  dst.Gtid(1, 9).Put("b", "", "1");  // of another source
  for (uint64_t b = 2; b < 5; ++b) Both(b, b);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4"));
}

TEST_F(OriginTest, WithoutGtidsTheServerIdTells) {
  test::Streams streams(OfSource(Align::kBarrier));
  streams.src.Barrier(1);
  streams.dst.Barrier(1);
  streams.dst.WrittenOn(2).Put("b", "", "1");
  streams.src.WrittenOn(2).Put("c", "", "1");
  streams.src.WrittenOn(1).Put("a", "", "1");
  streams.dst.WrittenOn(1).Put("a", "", "1");
  streams.src.Barrier(2);
  streams.dst.Barrier(2);
  EXPECT_THAT(streams.Said(), ElementsAre("same 1..2"));
}

}  // namespace
}  // namespace dcp::checker
