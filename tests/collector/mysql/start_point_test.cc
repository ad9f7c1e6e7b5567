#include "collector/mysql/start_point.h"

#include <gtest/gtest.h>

namespace dcp::collector {
namespace {

model::Gtid GtidOf(uint64_t number) { return {{{}, ""}, number}; }

TEST(ResumePointTest, GoesOnByGtidsWhereTheServerHasThem) {
  model::StreamOrigin origin;
  origin.has_gtids = true;
  origin.executed.Add(GtidOf(1));
  ResumePoint point;
  point.Start(origin, {"f", 4});
  point.GroupEnded(GtidOf(2), {"f", 100});
  EXPECT_EQ(point.Get().kind, StartPoint::Kind::kGtid);
  EXPECT_EQ(point.Get().executed.size(), 2u);
}

TEST(ResumePointTest, AnAnonymousGroupLeavesThePositionOnly) {
  model::StreamOrigin origin;
  origin.has_gtids = true;
  ResumePoint point;
  point.Start(origin, {"f", 4});
  point.GroupEnded({}, {"f", 100});
  point.GroupEnded(GtidOf(1), {"f", 200});
  EXPECT_EQ(point.Get().kind, StartPoint::Kind::kPosition);
  EXPECT_EQ(point.Get().position, (model::BinlogPosition{"f", 200}));
}

TEST(ResumePointTest, APlaceThatIsNoneIsNotTaken) {
  ResumePoint point;
  point.Start({}, {"f", 4});
  point.GroupEnded({}, {"", 0});
  point.MovedTo({"g", 0});
  EXPECT_EQ(point.position(), (model::BinlogPosition{"f", 4}));
}

TEST(ResumePointTest, MariaDbGoesOnAtThePlaceWhereItBeganAtOne) {
  model::StreamOrigin origin;
  origin.has_gtids = true;
  origin.server_id = 1;
  const model::Gtid gtid{model::GtidSource::MariaDb(0, 1), 7};
  ResumePoint point;
  point.Start(origin, {"f", 4});
  point.GroupEnded(gtid, {"f", 100});
  EXPECT_EQ(point.Get().kind, StartPoint::Kind::kPosition);
  EXPECT_EQ(point.Get().position, (model::BinlogPosition{"f", 100}));
  EXPECT_TRUE(point.Get().executed.Contains(gtid));
  // Behind GTIDs the server's artificial ROTATE tells a place before them.
  point.Start(origin, {});
  point.MovedTo({"f", 4});
  EXPECT_EQ(point.Get().kind, StartPoint::Kind::kGtid);
}

TEST(PositionLostTest, KnowsMariaDbsWords) {
  for (const char* message :
       {"Error: connecting slave requested to start from GTID 0-1-5, which is not in the master's "
        "binlog",
        "Could not find GTID state requested by slave in any binlog files. Probably the slave "
        "state is too old and required binlog files have been purged.",
        "The binlog on the master is missing the GTID 0-1-5 requested by the slave"}) {
    EXPECT_TRUE(PositionLost(absl::FailedPreconditionError(message))) << message;
  }
}

TEST(PositionLostTest, OnlyWhatTheServerHasNoLongerIsLost) {
  EXPECT_TRUE(PositionLost(absl::FailedPreconditionError(
      "Cannot replicate because the source purged required binary logs.")));
  EXPECT_TRUE(PositionLost(absl::FailedPreconditionError(
      "Could not find first log file name in binary log index file")));
  EXPECT_FALSE(PositionLost(absl::FailedPreconditionError(
      "A slave with the same server_uuid/server_id as this slave has connected to the master")));
  EXPECT_FALSE(PositionLost(absl::UnavailableError("purged")));
}

}  // namespace
}  // namespace dcp::collector
