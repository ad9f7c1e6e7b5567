#include "collector/grpc/stream_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/grpc/collector_fixture.h"

namespace dcp::collector {
namespace {

using ::testing::HasSubstr;

class StreamIntakeTest : public ::testing::Test {
 protected:
  // Offers, and opens the tag when that is asked for.
  Reply Offer(const Message& message, const absl::Status& open = absl::OkStatus()) {
    if (std::optional<Reply> reply = intake_.Offer(message)) return *reply;
    intake_.Opened(open);
    return intake_.Offer(message).value();
  }
  ResponseCode Code(const Message& message) { return Offer(message).code; }

  TagRegistry tags_{{model::Tag("src"), model::Tag("dst")}};
  StreamIntake intake_{tags_, 1, /*capture=*/true};
};

TEST_F(StreamIntakeTest, AsksToOpenATagOnce) {
  EXPECT_FALSE(intake_.Offer(Barrier("src", 1)).has_value());
  EXPECT_EQ(*intake_.to_open(), model::Tag("src"));
  intake_.Opened(absl::OkStatus());
  EXPECT_EQ(intake_.to_open(), nullptr);
  EXPECT_EQ(intake_.Offer(Barrier("src", 1))->code, ResponseCode::kAccepted);
  EXPECT_EQ(intake_.Offer(Barrier("src", 2))->code, ResponseCode::kAccepted);
}

TEST_F(StreamIntakeTest, BatchesArePerTag) {
  Offer(Row("src", "1", "INSERT [1]"));
  Offer(Row("dst", "1", "INSERT [1]"));
  Offer(Barrier("src", 7));
  EXPECT_TRUE(intake_.has_barrier());
  EXPECT_GT(intake_.pending_bytes(), 0u);

  const auto batches = intake_.TakeBatches();
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].tag->value(), "src");
  EXPECT_EQ(batches[0].batch->txns.size(), 2u);
  EXPECT_EQ(batches[1].batch->txns.size(), 1u);
  EXPECT_EQ(intake_.pending_bytes(), 0u);
  EXPECT_FALSE(intake_.has_barrier());
  EXPECT_TRUE(intake_.TakeBatches().empty());
}

TEST_F(StreamIntakeTest, AFaultyMessageClaimsNoTag) {
  Message empty;
  empty.set_tag("src");
  EXPECT_EQ(Code(empty), ResponseCode::kNoBody);
  EXPECT_EQ(Code(Row("src", "", "x")), ResponseCode::kEmptyKey);
  EXPECT_TRUE(tags_.Claim(model::Tag("src"), 2));
}

TEST_F(StreamIntakeTest, NamesTheTagsThatThereAre) {
  const Reply reply = Offer(Barrier("nope", 1));
  EXPECT_EQ(reply.code, ResponseCode::kUnknownTag);
  EXPECT_THAT(reply.msg, HasSubstr("\"nope\"; this collector has: src, dst"));
  EXPECT_THAT(Offer(Barrier("", 1)).msg, HasSubstr("no tag"));
}

TEST_F(StreamIntakeTest, ALongTagIsCutBetweenCharacters) {
  for (const std::string& start : {std::string(), std::string("x")}) {
    std::string tag = start;
    while (tag.size() < 300) tag += "\xC3\xBC";
    const std::string msg = Offer(Barrier(tag, 1)).msg;
    EXPECT_THAT(msg, HasSubstr("\xC3\xBC\"; this collector"));
    EXPECT_LT(msg.size(), 260u);
  }
}

TEST_F(StreamIntakeTest, ATagOfAnotherStreamIsTriedAgain) {
  tags_.Claim(model::Tag("src"), 2);
  EXPECT_EQ(Code(Barrier("src", 1)), ResponseCode::kTagTaken);
  tags_.Release(model::Tag("src"), 2);
  EXPECT_EQ(Code(Barrier("src", 1)), ResponseCode::kAccepted);
}

TEST_F(StreamIntakeTest, ATagThatDoesNotOpenIsGivenBack) {
  const Reply reply = Offer(Barrier("src", 1), absl::NotFoundError("x"));
  EXPECT_EQ(reply.code, ResponseCode::kUnknownTag);
  EXPECT_THAT(reply.msg, HasSubstr("no check uses"));
  EXPECT_EQ(Offer(Barrier("src", 1), absl::InternalError("oops")).code, ResponseCode::kRefused);
  EXPECT_TRUE(tags_.Claim(model::Tag("src"), 2));
}

TEST_F(StreamIntakeTest, AfterAFailureItsTagIsRefusedAndOthersGoOn) {
  Offer(Barrier("src", 1));
  Offer(Barrier("dst", 1));
  intake_.Failed(model::Tag("src"), absl::CancelledError("x"));
  EXPECT_EQ(Code(Barrier("src", 2)), ResponseCode::kStopping);
  EXPECT_EQ(Code(Barrier("dst", 2)), ResponseCode::kAccepted);
}

TEST_F(StreamIntakeTest, ItsTagsAreFreeWhenItEnds) {
  {
    StreamIntake other(tags_, 2, true);
    EXPECT_FALSE(other.Offer(Barrier("src", 1)).has_value());  // claimed, not yet opened
    EXPECT_FALSE(tags_.Claim(model::Tag("src"), 1));
  }
  EXPECT_TRUE(tags_.Claim(model::Tag("src"), 1));
}

}  // namespace
}  // namespace dcp::collector
