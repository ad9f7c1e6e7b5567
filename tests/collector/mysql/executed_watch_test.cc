#include "collector/mysql/executed_watch.h"

#include <gtest/gtest.h>

namespace dcp::collector {
namespace {

const model::GtidSet kNothing;

ExecutedProbe::Answer Answer(const std::string& executed, uint64_t end) {
  return {*model::GtidPosition::Parse(executed), {"binlog.000002", end}};
}

model::BinlogPosition At(uint64_t offset) { return {"binlog.000002", offset}; }

std::string Text(const std::optional<model::GtidSet>& set) {
  return set.has_value() ? set->ToString() : "-";
}

class ExecutedWatchTest : public ::testing::Test {
 protected:
  ExecutedWatch watch_{{.interval = absl::Seconds(1), .rest = absl::Seconds(10)}};
};

TEST_F(ExecutedWatchTest, AnAnswerHoldsWhereTheStreamHasComeToItsPlace) {
  watch_.Answered(Answer("0-1-9,5-1-3", 700), absl::Seconds(1));
  EXPECT_EQ(Text(watch_.Reached(At(699), kNothing)), "-");
  EXPECT_TRUE(watch_.waiting());
  EXPECT_EQ(Text(watch_.Reached(At(700), kNothing)), "0-1-9,5-1-3");
  EXPECT_FALSE(watch_.waiting());
  EXPECT_EQ(Text(watch_.Reached(At(900), kNothing)), "-");
}

TEST_F(ExecutedWatchTest, ALaterFileIsBehindEveryPlaceOfAnEarlierOne) {
  watch_.Answered(Answer("0-1-9", 700), absl::Seconds(1));
  EXPECT_EQ(Text(watch_.Reached({"binlog.000003", 4}, kNothing)), "0-1-9");
}

TEST_F(ExecutedWatchTest, WhatTheStreamHasShownIsNotSaid) {
  watch_.Answered(Answer("0-1-9", 700), absl::Seconds(1));
  EXPECT_EQ(Text(watch_.Reached(At(700), *model::GtidSet::Parse("0-1-9,0-2-4"))), "-");
  watch_.Answered(Answer("0-1-9", 700), absl::Seconds(2));
  EXPECT_EQ(Text(watch_.Reached(At(700), *model::GtidSet::Parse("0-1-8"))), "0-1-9");
}

TEST_F(ExecutedWatchTest, NothingIsSaidTwiceUntilTheStreamBeginsAnew) {
  for (const char* expected : {"0-1-9", "-"}) {
    watch_.Answered(Answer("0-1-9", 700), absl::Seconds(1));
    EXPECT_EQ(Text(watch_.Reached(At(700), kNothing)), expected);
  }
  watch_.Reset();
  watch_.Answered(Answer("0-1-9", 700), absl::Seconds(1));
  EXPECT_EQ(Text(watch_.Reached(At(700), kNothing)), "0-1-9");
}

TEST_F(ExecutedWatchTest, IsDueOncePerIntervalAndNotBeforeTheAnswerIsUsed) {
  EXPECT_TRUE(watch_.Due(absl::Seconds(100)));
  watch_.Answered(Answer("0-1-9", 700), absl::Seconds(100));
  EXPECT_FALSE(watch_.Due(absl::Seconds(500)));
  watch_.Reached(At(700), kNothing);
  EXPECT_FALSE(watch_.Due(absl::Seconds(100.9)));
  EXPECT_TRUE(watch_.Due(absl::Seconds(101)));
}

TEST_F(ExecutedWatchTest, RestsWhereTheServerIsNoReplicaOrDoesNotAnswer) {
  watch_.Answered(Answer("", 700), absl::Seconds(100));
  EXPECT_FALSE(watch_.waiting());
  EXPECT_FALSE(watch_.Due(absl::Seconds(109)));
  EXPECT_TRUE(watch_.Due(absl::Seconds(110)));
  watch_.Failed(absl::Seconds(110));
  EXPECT_FALSE(watch_.Due(absl::Seconds(119)));
  EXPECT_TRUE(watch_.Due(absl::Seconds(120)));
}

// A third period is left, in which the reader must find out that the link is dead.
TEST_F(ExecutedWatchTest, IsNotDueWhereTheStreamIsSilentForMoreThanTwoHeartbeats) {
  watch_.Heard(absl::Seconds(100), absl::Seconds(5));
  EXPECT_TRUE(watch_.Due(absl::Seconds(110)));
  EXPECT_FALSE(watch_.Due(absl::Seconds(110.1)));
  watch_.Heard(absl::Seconds(120), absl::Seconds(5));
  EXPECT_TRUE(watch_.Due(absl::Seconds(120.1)));
  watch_.Heard(absl::Seconds(130), absl::InfiniteDuration());
  EXPECT_TRUE(watch_.Due(absl::Hours(9)));
}

}  // namespace
}  // namespace dcp::collector
