// align = gtid between MariaDB servers: docs/semantics.md, section 1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MariaDbAlignTest : public ::testing::Test, public test::Streams {
 protected:
  void Both(const std::string& gtid, uint64_t offset) {
    src.Gtid(gtid).Barrier(offset);
    dst.Gtid(gtid).Barrier(offset);
  }
};

TEST_F(MariaDbAlignTest, AutoTakesGtids) {
  Both("0-1-1", 1);
  EXPECT_EQ(checker().status().align, Align::kGtid);
}

TEST_F(MariaDbAlignTest, GroupThatChangedNothingIsPassedByTheNextOfItsDomain) {
  Both("0-1-1", 1);
  src.Gtid("0-1-2").Put("a", "", "1");  // the target has the row, and logs nothing
  Both("0-1-3", 2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:missing"));
}

TEST_F(MariaDbAlignTest, DomainsAreExecutedBesideEachOther) {
  Both("0-1-1", 1);
  src.Gtid("7-1-1").Put("a", "", "1");
  src.Gtid("0-1-2").Barrier(2);
  for (uint64_t b = 3; b < 20; ++b) src.Gtid(absl::StrCat("0-1-", b)).Barrier(b);
  for (uint64_t b = 2; b < 20; ++b) dst.Gtid(absl::StrCat("0-1-", b)).Barrier(b);
  EXPECT_THAT(Said(), IsEmpty());
  dst.Gtid("7-1-1").Put("a", "", "1");
  EXPECT_EQ(Said().size(), 18u);
}

TEST_F(MariaDbAlignTest, IdleDomainIsPassedWhenTheServerTellsIt) {
  Both("0-1-1", 1);
  src.Gtid("7-1-4").Put("a", "", "1");
  Both("0-1-2", 2);
  dst.Executed("0-1-2,7-1-3");
  EXPECT_THAT(Said(), IsEmpty());
  dst.Executed("0-1-2,7-1-4");
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:missing"));
}

TEST_F(MariaDbAlignTest, WhatAnotherServerWroteLaterInTheDomainPassesToo) {
  Both("0-1-1", 1);
  src.Gtid("7-1-4").Put("a", "", "1");
  Both("0-1-2", 2);
  dst.Gtid("7-3-5").Put("b", "", "1");
  EXPECT_THAT(Said(), IsEmpty());  // whose 7-3-5 is, and where it stands, is not known yet
  src.Gtid("7-3-5").Put("b", "", "1");
  Both("0-1-3", 3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:missing", "same 2..3"));
}

TEST_F(MariaDbAlignTest, LowerNumberOfAnotherServerDoesNotPass) {
  src.Gtid("0-3-8").Put("z", "", "1");
  Both("0-1-9", 1);
  src.Gtid("0-1-10").Put("a", "", "1");
  src.Gtid("0-1-11").Barrier(2);
  dst.Gtid("0-3-12").Put("b", "", "1");  // the source has not shown it
  EXPECT_THAT(Said(), IsEmpty());
  dst.Gtid("0-1-10").Put("a", "", "1");
  dst.Gtid("0-1-11").Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(MariaDbAlignTest, OwnWriteIntoTheSourcesDomainIsExtraAndPassesNothing) {
  Both("0-1-1", 1);
  dst.Gtid("0-2-50").Put("a", "", "x");
  src.Gtid("0-1-2").Put("b", "", "1");
  src.Gtid("0-1-3").Barrier(2);
  EXPECT_THAT(Said(), IsEmpty());
  dst.Gtid("0-1-2").Put("b", "", "1");
  dst.Gtid("0-1-3").Barrier(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 a:extra"));
}

TEST_F(MariaDbAlignTest, BarrierThatTheTargetFiltersMergesSegments) {
  Both("0-1-1", 1);
  src.Gtid("0-1-2").Barrier(2);
  src.Gtid("0-1-3").Put("a", "", "1");
  dst.Gtid("0-1-3").Put("a", "", "1");
  Both("0-1-4", 3);
  EXPECT_THAT(Said(), ElementsAre("same 1..3"));
}

TEST_F(MariaDbAlignTest, WhatTheTargetExecutedBeforeItsStreamIsNotJudged) {
  test::Streams streams;
  streams.dst.Open("", model::GtidSet::Parse("0-1-3").value());
  streams.src.Gtid("0-1-1").Barrier(1);
  streams.src.Gtid("0-1-2").Put("a", "", "1");
  streams.src.Gtid("0-1-3").Barrier(2);
  streams.src.Gtid("0-1-4").Barrier(3);
  streams.src.Gtid("0-1-5").Barrier(4);
  streams.dst.Gtid("0-1-4").Barrier(3);
  streams.dst.Gtid("0-1-5").Barrier(4);
  EXPECT_THAT(streams.Said(), ElementsAre("same 3..4"));
}

TEST_F(MariaDbAlignTest, UnknownServerInAnotherDomainMayOvertakeAnyNumberOfBarriers) {
  Both("0-1-1", 1);
  dst.Gtid("7-9-1").Put("a", "", "1");
  for (uint64_t b = 2; b < 10; ++b) Both(absl::StrCat("0-1-", b), b);
  EXPECT_EQ(Said().size(), 8u);
  src.Gtid("7-9-1").Put("a", "", "1");
  Both("0-1-10", 10);
  EXPECT_THAT(Said(), ElementsAre("same 9..10"));
}

TEST_F(MariaDbAlignTest, UnknownServerIsTheTargetsOwnAfterAHundredBarriers) {
  Both("0-1-1", 1);
  dst.Gtid("7-9-1").Put("a", "", "x");
  for (uint64_t b = 2; b < 103; ++b) Both(absl::StrCat("0-1-", b), b);
  EXPECT_THAT(Said(), ::testing::Contains("diff 100..101 a:extra"));
}

}  // namespace
}  // namespace dcp::checker
