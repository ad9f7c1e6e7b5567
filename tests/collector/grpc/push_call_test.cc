// Push, message by message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/grpc/durable_fixture.h"

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Code = grpc::StatusCode;

// With both kinds of acknowledgement.
class PushCallTest : public DurableFixture, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    durable_ = GetParam();
    DurableFixture::SetUp();
  }
};

INSTANTIATE_TEST_SUITE_P(, PushCallTest, ::testing::Bool(),
                         [](const auto& c) { return c.param ? "durable" : "received"; });

TEST_P(PushCallTest, MessagesAreAcknowledgedByTheirNumbers) {
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src"), 0);
  Message bare = Row("src", "a", "INSERT [1]");
  bare.clear_tag();
  call.Send(1, {Barrier("src", 1), bare});
  call.Send(3, {Barrier("src", 2)});
  EXPECT_TRUE(call.Await(3));
  EXPECT_TRUE(call.End().ok());
  EXPECT_THAT(Log(4), ElementsAre("open", "barrier 1", "a=INSERT [1]", "barrier 2"));
}

TEST_P(PushCallTest, ASessionGoesOnAndEachMessageCountsOnce) {
  {
    PushCall call(target());
    ASSERT_EQ(call.Open("s", "src"), 0);
    call.Send(1, {Barrier("src", 1), Barrier("src", 2)});
    ASSERT_TRUE(call.Await(2));
    call.Cancel();
    call.Drain();
  }
  // The server may not have noticed yet that the call before is over.
  int64_t held = -1;
  std::unique_ptr<PushCall> last;
  ASSERT_TRUE(test::Eventually([&] {
    last = std::make_unique<PushCall>(target());
    held = last->Open("s", "src", 1);
    return held == 2;
  }));
  last->Send(2, {Barrier("src", 2), Barrier("src", 3)});
  ASSERT_TRUE(last->Await(3));
  EXPECT_THAT(Log(4), ElementsAre("open", "barrier 1", "barrier 2", "barrier 3"));
}

TEST_P(PushCallTest, AnotherSessionLosesContinuity) {
  for (const char* session : {"a", "b", "a"}) {
    PushCall call(target());
    const int64_t held = call.Open(session, "src");
    ASSERT_GE(held, 0);
    call.Send(static_cast<uint64_t>(held) + 1, {Barrier("src", 1)});
    ASSERT_TRUE(call.Await(held + 1));
    ASSERT_TRUE(call.End().ok());
  }
  EXPECT_THAT(Log(6), ElementsAre("open", "barrier 1", "open restart", "barrier 1", "open restart",
                                  "barrier 1"));
}

TEST_P(PushCallTest, WhatTheServerLostIsNotTakenForHeld) {
  {
    PushCall call(target());
    ASSERT_EQ(call.Open("s", "src"), 0);
    call.Send(1, {Barrier("src", 1)});
    ASSERT_TRUE(call.Await(1));
    ASSERT_TRUE(call.End().ok());
  }
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src", 7), 7);
  call.Send(8, {Barrier("src", 8)});
  ASSERT_TRUE(call.Await(8));
  EXPECT_THAT(Log(4), ElementsAre("open", "barrier 1", "open restart", "barrier 8"));
}

TEST_P(PushCallTest, ANewerCallOfTheSessionEndsTheOlder) {
  PushCall older(target());
  ASSERT_EQ(older.Open("s", "src"), 0);
  older.Send(1, {Barrier("src", 1)});
  ASSERT_TRUE(older.Await(1));
  PushCall refused(target());
  EXPECT_EQ(refused.Open("s", "src", 1), -1);
  EXPECT_EQ(refused.Drain().error_code(), Code::UNAVAILABLE);
  EXPECT_EQ(older.Drain().error_code(), Code::CANCELLED);
  EXPECT_TRUE(test::Eventually([&] { return PushCall(target()).Open("s", "src", 1) == 1; }));
}

TEST_P(PushCallTest, OneStreamFeedsATag) {
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src"), 0);
  PushCall other(target());
  EXPECT_EQ(other.Open("t", "src"), -1);
  EXPECT_EQ(other.Drain().error_code(), Code::ABORTED);
  EXPECT_EQ(Client(target()).Code(Barrier("src", 1)), 6);
}

TEST_P(PushCallTest, RefusedMessagesAreNamedAndKeepTheirNumbers) {
  {
    PushCall call(target());
    ASSERT_EQ(call.Open("s", "src"), 0);
    Message empty = Barrier("src", 1), keyless = Row("src", "", "x");
    empty.clear_body();
    call.Send(1, {Barrier("src", 1), empty, Barrier("dst", 1), keyless,
                  Row("src", "a", std::string(5 << 20, 'x'))});
    EXPECT_TRUE(call.Await(5));
    EXPECT_THAT(call.refused(), ElementsAre("2:2", "3:1", "4:5", "5:3"));
    EXPECT_TRUE(call.End().ok());
  }
  PushCall again(target());
  EXPECT_EQ(again.Open("s", "src", 5), 5);
  again.Send(6, {Barrier("src", 2)});
  EXPECT_TRUE(again.Await(6));
  EXPECT_THAT(Log(3), ElementsAre("open", "barrier 1", "barrier 2"));
  EXPECT_EQ(collector_->counters().refused, 4);
}

TEST_P(PushCallTest, AGapEndsTheCallAfterWhatStandsBeforeIt) {
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src"), 0);
  call.Send(1, {Barrier("src", 1)});
  call.Send(3, {Barrier("src", 3)});
  EXPECT_TRUE(call.Await(1));
  const grpc::Status status = call.Drain();
  EXPECT_EQ(status.error_code(), Code::OUT_OF_RANGE);
  EXPECT_THAT(status.error_message(),
              HasSubstr("the next message is 2, and a batch begins with 3"));
  EXPECT_THAT(Log(2), ElementsAre("open", "barrier 1"));
}

TEST_P(PushCallTest, BadRequestsEndTheCall) {
  const auto open = [&](const std::string& session, const std::string& tag, uint64_t number = 0) {
    PushCall call(target());
    EXPECT_EQ(call.Open(session, tag, number), -1);
    return call.Drain().error_code();
  };
  EXPECT_EQ(open("s", "nope"), Code::NOT_FOUND);
  EXPECT_EQ(open("", "src"), Code::INVALID_ARGUMENT);
  EXPECT_EQ(open(std::string(257, 's'), "src"), Code::INVALID_ARGUMENT);
  EXPECT_EQ(open("s", "src", ~uint64_t{0}), Code::INVALID_ARGUMENT);
  PushCall first(target());
  first.Send(1, {Barrier("src", 1)});
  EXPECT_EQ(first.Drain().error_code(), Code::INVALID_ARGUMENT);
  PushCall second(target());
  second.Open("s", "src");
  second.SendNothing();
  EXPECT_EQ(second.Drain().error_code(), Code::INVALID_ARGUMENT);
}

TEST_P(PushCallTest, AStopEndsTheCall) {
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src"), 0);
  ASSERT_OK(collector_->Stop(absl::Seconds(20)));
  EXPECT_EQ(call.Drain().error_code(), Code::UNAVAILABLE);
}

class DurablePushTest : public DurableFixture {};

TEST_F(DurablePushTest, ASessionGoesOnOverARestart) {
  {
    PushCall call(target());
    ASSERT_EQ(call.Open("s", "src"), 0);
    Message empty;
    call.Send(1, {Barrier("src", 1), Barrier("src", 2), empty});
    ASSERT_TRUE(call.Await(3));
  }
  Restart();
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src", 3), 3);
  call.Send(4, {Barrier("src", 4)});
  ASSERT_TRUE(call.Await(4));
  EXPECT_THAT(Log(4), ElementsAre("open", "barrier 1", "barrier 2", "barrier 4"));
}

TEST_F(DurablePushTest, AFullDiskHoldsTheCall) {
  PushCall call(target());
  ASSERT_EQ(call.Open("s", "src"), 0);
  disk_.full = true;
  call.Send(1, {Barrier("src", 1)});
  ASSERT_TRUE(test::Eventually([&] { return collector_->counters().storage_errors >= 2; }));
  disk_.full = false;
  EXPECT_TRUE(call.Await(1));
}

}  // namespace
}  // namespace dcp::collector
