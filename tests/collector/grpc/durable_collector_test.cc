// Process with ack = durable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/collector/grpc/durable_fixture.h"

namespace dcp::collector {
namespace {

using ::dcp::test::HasCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class DurableCollectorTest : public DurableFixture {
 protected:
  void PushThree() {
    Client client(target());
    ASSERT_EQ(client.Code(Barrier("src", 1)), 0);
    ASSERT_EQ(client.Code(Row("src", "a", "INSERT [1]")), 0);
    ASSERT_EQ(client.Code(Barrier("src", 2)), 0);
    ASSERT_TRUE(client.End().ok());
  }
};

TEST_F(DurableCollectorTest, TheCheckerGetsWhatWasAcknowledgedAlsoAfterARestart) {
  PushThree();
  const std::vector<std::string> all = {"open", "barrier 1", "a=INSERT [1]", "barrier 2"};
  EXPECT_EQ(Log(4), all);
  Restart();
  EXPECT_EQ(Log(4), all);
}

// The sink was busy when the messages came, and the process ended.
TEST_F(DurableCollectorTest, WhatTheCheckerNeverSawIsSeenAfterARestart) {
  sink_->Hold("src");
  PushThree();
  EXPECT_THAT(sink_->log("src"), ElementsAre("open"));
  Restart();
  EXPECT_THAT(Log(4), SizeIs(4));
}

// In order, and not before all that was acknowledged is judged.
TEST_F(DurableCollectorTest, AStopFeedsTheCheckerWithAllThatIsStored) {
  sink_->Hold("src");
  PushThree();
  std::thread stopping([this] { EXPECT_OK(collector_->Stop(absl::Seconds(30))); });
  ASSERT_TRUE(test::Eventually([this] { return sink_->waiting("src"); }));
  sink_->Let("src");
  stopping.join();
  EXPECT_THAT(sink_->log("src"), SizeIs(4));
}

// As who looks at the status of a daemon does, which starts.
TEST_F(DurableCollectorTest, ItMayBeAskedWhileItStarts) {
  for (int i = 0; i < 20; ++i) {
    StopAll();
    sink_ = std::make_unique<FakeSink>();
    ASSERT_OK_AND_ASSIGN(collector_, GrpcCollector::Create(Options(), *sink_));
    std::atomic<bool> started = false;
    std::thread asking([&] {
      while (!started) {
        EXPECT_GE(collector_->counters().stored_bytes, 0);
        collector_->ForgetBefore(model::Tag("src"), "").IgnoreError();
      }
    });
    EXPECT_OK(collector_->Start());
    started = true;
    asking.join();
  }
}

TEST_F(DurableCollectorTest, ItIsReadFromAPlaceOn) {
  PushThree();
  Log(4);
  const std::vector<std::string> places = sink_->places("src");
  ASSERT_THAT(places, SizeIs(2));
  place_ = places[1];
  Restart();
  EXPECT_THAT(Log(2), ElementsAre("open", "barrier 2"));
  EXPECT_EQ(sink_->open_place("src"), place_);
  EXPECT_EQ(sink_->places("src").at(0), place_);
}

TEST_F(DurableCollectorTest, APlaceThatIsNotThereIsAGap) {
  PushThree();
  for (const char* place : {"nonsense", "intake\n00000000000000010000000000000002\n2"}) {
    place_ = place;
    Restart();
    EXPECT_THAT(Log(4), ElementsAre("open gap", "barrier 1", "a=INSERT [1]", "barrier 2"));
  }
}

TEST_F(DurableCollectorTest, AnotherStreamLosesContinuityAfterARestartToo) {
  PushThree();
  Client client(target());
  ASSERT_EQ(client.Code(Barrier("src", 3)), 0);
  ASSERT_TRUE(client.End().ok());
  EXPECT_THAT(Log(6).at(4), "open restart");
  EXPECT_THAT(sink_->open_detail("src"), HasSubstr("127.0.0.1"));
  const std::vector<std::string> all = sink_->log("src");
  Restart();
  EXPECT_EQ(Log(6), all);
  EXPECT_EQ(sink_->log("src").back(), "barrier 3");
}

TEST_F(DurableCollectorTest, ResponsesKeepTheirOrderAroundRefusals) {
  Client client(target());
  std::string expected, got;
  for (uint64_t i = 0; i < 300; ++i) {
    Message message = Barrier("src", i);
    if (i % 3 == 1) message.clear_body();
    if (i % 7 == 2) message.set_tag("nope");
    absl::StrAppend(&expected, message.id(), message.tag() == "nope" || i % 3 == 1 ? "- " : "+ ");
    ASSERT_TRUE(client.Write(message));
  }
  for (int i = 0; i < 300; ++i) {
    const Response response = client.Read();
    absl::StrAppend(&got, response.id(), response.code() == 0 ? "+ " : "- ");
  }
  EXPECT_EQ(got, expected);
}

TEST_F(DurableCollectorTest, AFullDiskHoldsTheStreamUntilThereIsRoom) {
  Client client(target());
  ASSERT_EQ(client.Code(Barrier("src", 1)), 0);
  disk_.full = true;
  ASSERT_TRUE(client.Write(Barrier("src", 2)));
  ASSERT_TRUE(test::Eventually([&] { return collector_->counters().storage_errors >= 2; }));
  EXPECT_THAT(sink_->log("src"), ElementsAre("open", "barrier 1"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("nothing is acknowledged: cannot write")));
  disk_.full = false;
  EXPECT_EQ(client.Read().code(), 0);
  EXPECT_THAT(Log(3), ElementsAre("open", "barrier 1", "barrier 2"));
  EXPECT_THAT(lines(), Contains(HasSubstr("stored again")));
}

TEST_F(DurableCollectorTest, WhatAFullDiskDidNotTakeIsNotAcknowledgedAtAStop) {
  Client client(target());
  ASSERT_EQ(client.Code(Barrier("src", 1)), 0);
  disk_.full = true;
  ASSERT_TRUE(client.Write(Barrier("src", 2)));
  ASSERT_TRUE(test::Eventually([&] { return collector_->counters().storage_errors > 0; }));
  ASSERT_OK(collector_->Stop(absl::Seconds(20)));
  EXPECT_EQ(client.Read().code(), -1);
  EXPECT_EQ(client.Drain().error_code(), grpc::StatusCode::UNAVAILABLE);
  disk_.full = false;
  Restart();
  EXPECT_THAT(Log(2), ElementsAre("open", "barrier 1"));
}

TEST_F(DurableCollectorTest, OverItsLimitIntakeWaitsUntilPlacesAreForgotten) {
  queue_bytes_ = max_message_bytes_ = int64_t{64} << 10;
  max_bytes_ = int64_t{2} << 20;
  Restart();
  Client client(target());
  const std::string text(20'000, 'x');
  std::thread writer([&] {
    for (uint64_t i = 0; i < 200; ++i) {
      client.Write(Barrier("src", i));
      client.Write(Row("src", "a", text));
    }
  });
  std::thread reader([&] {
    for (int i = 0; i < 400; ++i) ASSERT_EQ(client.Read().code(), 0);
  });
  std::string place;
  EXPECT_TRUE(test::Eventually([&] { return collector_->counters().storage_errors > 0; }));
  EXPECT_LT(collector_->counters().stored_bytes, 3 << 20);
  EXPECT_LT(sink_->log("src").size(), 250u);
  EXPECT_TRUE(test::Eventually([&] {
    place = sink_->places("src").back();
    EXPECT_OK(collector_->ForgetBefore(model::Tag("src"), place));
    return sink_->log("src").size() == 401;
  }));
  writer.join();
  reader.join();
  EXPECT_THAT(sink_->log("src"), Not(Contains("open gap")));
  EXPECT_THAT(collector_->ForgetBefore(model::Tag("src"), "nonsense"),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(collector_->ForgetBefore(model::Tag("nope"), place),
              HasCode(absl::StatusCode::kNotFound));
}

TEST_F(DurableCollectorTest, ATagThatNoCheckUsesIsRefused) {
  StopAll();
  sink_ = std::make_unique<FakeSink>();
  sink_->FailOpen(absl::NotFoundError("nobody"));
  ASSERT_OK_AND_ASSIGN(collector_, GrpcCollector::Create(Options(), *sink_));
  ASSERT_OK(collector_->Start());
  EXPECT_EQ(Client(target()).Code(Barrier("src", 1)), 1);
}

TEST_F(DurableCollectorTest, TagsThatAreNoFileNamesHaveDirectories) {
  const auto name = [](const std::string& tag) {
    return DurableTag::DirectoryName(model::Tag(tag));
  };
  EXPECT_EQ(name("src-1_a"), "src-1_a");
  EXPECT_EQ(name(".."), "%2E%2E");
  EXPECT_EQ(name("a/b"), "a%2Fb");
  EXPECT_NE(name(std::string(300, 'a')), name(std::string(301, 'a')));
  EXPECT_LT(name(std::string(300, 'a')).size(), 100u);
}

}  // namespace
}  // namespace dcp::collector
