#include "collector/mysql/stream_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::testing::Eq;

constexpr char kA[] = "0a0a0a0a-0000-0000-0000-000000000001";

StreamPlace ByGtid(const std::string& executed) {
  StreamPlace place;
  place.server_uuid = *model::ParseUuid(kA);
  place.server_id = 7;
  place.start.kind = StartPoint::Kind::kGtid;
  place.start.executed = *model::GtidSet::Parse(executed);
  return place;
}

StreamPlace At(const std::string& file, uint64_t offset, uint32_t server = 7) {
  StreamPlace place;
  place.server_id = server;
  place.start.kind = StartPoint::Kind::kPosition;
  place.start.position = {file, offset};
  place.start.executed = *model::GtidSet::Parse("0-1-100..105,3-2-1");
  return place;
}

TEST(StreamPlaceTest, TextKeepsAll) {
  for (const StreamPlace& place :
       {ByGtid(std::string(kA) + ":1-5:7"), ByGtid(""), At("mysql-bin.000003", 5'000'000'000),
        At("odd name;\nx.000001", 4)}) {
    ASSERT_OK_AND_ASSIGN(const StreamPlace read, StreamPlace::Parse(place.ToText()));
    EXPECT_EQ(read.server_uuid, place.server_uuid);
    EXPECT_EQ(read.server_id, place.server_id);
    EXPECT_EQ(read.start.kind, place.start.kind);
    EXPECT_EQ(read.start.executed, place.start.executed);
    EXPECT_EQ(read.start.position, place.start.position);
  }
}

TEST(StreamPlaceTest, RefusesWhatIsNoPlace) {
  const std::string good = At("b.1", 4).ToText();
  for (size_t size = 0; size + 3 < good.size(); ++size) {
    if (StreamPlace::Parse(good.substr(0, size)).ok()) ADD_FAILURE() << good.substr(0, size);
  }
  EXPECT_FALSE(StreamPlace::Parse("x\n7\ngtid\n").ok());
  EXPECT_FALSE(StreamPlace::Parse(std::string(kA) + "\n7\nelsewhere\n").ok());
  EXPECT_FALSE(StreamPlace::Parse(std::string(kA) + "\n7\nposition\n\nx\nb.1").ok());
}

TEST(StreamPlaceTest, EarliestByGtidIsWhatBothHaveExecuted) {
  const std::string a(kA);
  const auto earliest = Earliest(ByGtid(a + ":1-5:7"), ByGtid(a + ":1-3:7-9"));
  ASSERT_TRUE(earliest.has_value());
  EXPECT_EQ(earliest->start.executed.ToString(), a + ":1-3:7");
}

TEST(StreamPlaceTest, EarliestByPositionIsOfOneServerOnly) {
  EXPECT_EQ(Earliest(At("b.9", 100), At("b.10", 4))->start.position.file, "b.9");
  EXPECT_EQ(Earliest(At("b.10", 100), At("b.10", 4))->start.position.offset, 4u);
  EXPECT_THAT(Earliest(At("b.1", 4), At("b.1", 4, 8)), Eq(std::nullopt));
  EXPECT_THAT(Earliest(At("b.1", 4), ByGtid("")), Eq(std::nullopt));
}

}  // namespace
}  // namespace dcp::collector
