#include "collector/mysql/stream_watch.h"

#include <gmock/gmock.h>

#include "collector/mysql/start_point.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using mysql::BinlogEvent;
using test::HasCode;

class StreamWatchTest : public ::testing::Test {
 protected:
  // A connection that goes on, or not, in `file`, which was created at `created`.
  absl::Status Connect(bool goes_on, const std::string& file, int64_t created) {
    watch_.Begin(goes_on);
    BinlogEvent rotate;
    rotate.kind = BinlogEvent::Kind::kRotate;
    rotate.end = {file, 100};
    EXPECT_OK(watch_.Saw(rotate));
    BinlogEvent description;
    description.type_code = 15;
    description.timestamp_micros = created;
    return watch_.Saw(description);
  }
  void ReadTo(const std::string& file, uint64_t offset) {
    BinlogEvent event;
    event.end = {file, offset};
    ASSERT_OK(watch_.Saw(event));
  }

  StreamWatch watch_;
};

TEST_F(StreamWatchTest, TheSameFileGoesOn) {
  EXPECT_OK(Connect(false, "bin.000002", 7));
  EXPECT_OK(Connect(true, "bin.000002", 7));
  EXPECT_OK(Connect(true, "bin.000003", 9));
  EXPECT_EQ(watch_.place(), (model::BinlogPosition{"bin.000003", 100}));
}

TEST_F(StreamWatchTest, AnotherFileOfTheSameNameIsNoPlaceToGoOn) {
  EXPECT_OK(Connect(false, "bin.000002", 7));
  EXPECT_TRUE(PositionLost(Connect(true, "bin.000002", 8)));
  EXPECT_OK(Connect(false, "bin.000002", 9));
}

TEST_F(StreamWatchTest, AnEarlierFileIsNoPlaceToGoOn) {
  EXPECT_OK(Connect(false, "bin.000002", 7));
  EXPECT_TRUE(PositionLost(Connect(true, "bin.000001", 8)));
}

TEST_F(StreamWatchTest, AnEndBeforeWhatWasReadIsAReset) {
  ReadTo("bin.000002", 500);
  EXPECT_OK(watch_.Ends({"bin.000002", 500}, true, absl::Seconds(1)));
  EXPECT_TRUE(PositionLost(watch_.Ends({"bin.000002", 400}, true, absl::Seconds(2))));
  EXPECT_TRUE(PositionLost(watch_.Ends({"bin.000001", 900}, true, absl::Seconds(3))));
}

TEST_F(StreamWatchTest, AStreamThatStandsBeforeTheEndIsOpenedAgain) {
  ReadTo("bin.000002", 500);
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(1)));
  EXPECT_OK(watch_.Ends({"bin.000002", 700}, true, absl::Seconds(10)));
  EXPECT_THAT(watch_.Ends({"bin.000002", 700}, true, absl::Seconds(11)),
              HasCode(absl::StatusCode::kUnavailable));
}

TEST_F(StreamWatchTest, AStreamThatMovesIsLeftAlone) {
  ReadTo("bin.000002", 500);
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(1)));
  ReadTo("bin.000002", 550);
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(20)));
  ReadTo("bin.000002", 600);
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(40)));
  EXPECT_OK(watch_.Ends({"bin.000002", 700}, true, absl::Seconds(60)));
}

TEST_F(StreamWatchTest, AStreamWithMoreToReadIsLeftAlone) {
  ReadTo("bin.000002", 500);
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(1)));
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, false, absl::Seconds(20)));
  EXPECT_OK(watch_.Ends({"bin.000002", 600}, true, absl::Seconds(21)));
}

TEST_F(StreamWatchTest, NothingFollowsBeforeAPlaceIsKnown) {
  EXPECT_OK(watch_.Ends({"bin.000001", 4}, true, absl::Seconds(1)));
  ReadTo("bin.000001", 4);
  EXPECT_OK(watch_.Ends({}, true, absl::Seconds(1)));
}

}  // namespace
}  // namespace dcp::collector
