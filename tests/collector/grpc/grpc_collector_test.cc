#include "collector/grpc/grpc_collector.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "collector/grpc/response_code.h"
#include "model/digest.h"
#include "tests/collector/grpc/collector_fixture.h"
#include "tests/collector/grpc/fake_sink.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tcp_client.h"

namespace dcp::collector {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kAccepted = 0;
int CodeOf(ResponseCode code) { return static_cast<int>(code); }

class GrpcCollectorTest : public CollectorFixture {
 protected:
  bool LogHas(const std::string& tag, size_t entries) {
    return test::Eventually([&] { return sink_.log(tag).size() >= entries; });
  }
  bool StreamsOpen(int64_t streams) {
    return test::Eventually([&] { return collector_->counters().streams_open == streams; });
  }
};

TEST_F(GrpcCollectorTest, AcceptedMessagesReachTheSinkInOrder) {
  Client client = Connect();
  EXPECT_EQ(client.Code(Barrier("src", 7)), kAccepted);
  EXPECT_EQ(client.Ask(Row("src", "42", "INSERT [42]")).id(), "m42");
  EXPECT_EQ(client.Code(Row("src", "42", "DELETE [42]")), kAccepted);
  EXPECT_EQ(client.Code(Barrier("src", 8)), kAccepted);
  EXPECT_TRUE(client.End().ok());
  EXPECT_THAT(sink_.log("src"),
              ElementsAre("open", "barrier 7", "42=INSERT [42]", "42=DELETE [42]", "barrier 8"));
}

TEST_F(GrpcCollectorTest, WithoutMoreMessagesTheLastOneStillArrives) {
  Client client = Connect();
  client.Ask(Row("src", "1", "a"));
  EXPECT_TRUE(LogHas("src", 2));
  client.Ask(Row("src", "2", "b"));
  EXPECT_TRUE(LogHas("src", 3));
}

TEST_F(GrpcCollectorTest, AMessageKeepsItsIdAndTime) {
  Client client = Connect();
  client.Ask(Row("src", "42", "INSERT [42]"));
  ASSERT_TRUE(client.End().ok());
  const model::ChangeBatchPtr batch = sink_.batches("src").at(0);
  EXPECT_EQ(batch->txns[0].pushed_id, "m42");
  EXPECT_EQ(batch->txns[0].timestamp_micros, 1'700'000'000'000'000);
  EXPECT_EQ(batch->changes[0].key, model::Xxh3("42"));
}

TEST_F(GrpcCollectorTest, ARefusedMessageDoesNotEndTheStream) {
  Client client = Connect();
  Message no_body;
  no_body.set_id("x");
  no_body.set_tag("src");
  const Response response = client.Ask(no_body);
  EXPECT_EQ(response.code(), CodeOf(ResponseCode::kNoBody));
  EXPECT_EQ(response.id(), "x");
  EXPECT_NE(response.msg(), "");
  EXPECT_EQ(client.Code(Barrier("nope", 1)), CodeOf(ResponseCode::kUnknownTag));
  EXPECT_EQ(client.Code(Row("src", "", "x")), CodeOf(ResponseCode::kEmptyKey));
  EXPECT_EQ(client.Code(Barrier("src", 1)), kAccepted);
  EXPECT_TRUE(client.End().ok());
  EXPECT_EQ(collector_->counters().refused, 3);
  EXPECT_EQ(collector_->counters().messages, 4);
}

TEST_F(GrpcCollectorTest, OneStreamMayFeedSeveralTags) {
  Client client = Connect();
  EXPECT_EQ(client.Code(Barrier("src", 1)), kAccepted);
  EXPECT_EQ(client.Code(Barrier("dst", 1)), kAccepted);
  EXPECT_EQ(client.Code(Barrier("src", 2)), kAccepted);
  EXPECT_TRUE(client.End().ok());
  EXPECT_THAT(sink_.log("src"), ElementsAre("open", "barrier 1", "barrier 2"));
  EXPECT_THAT(sink_.log("dst"), ElementsAre("open", "barrier 1"));
}

TEST_F(GrpcCollectorTest, TenThousandMessagesPipelinedKeepTheirOrder) {
  constexpr int kMessages = 10'000;
  Client client = Connect();
  std::jthread writer([&] {
    for (int i = 0; i < kMessages; ++i) {
      const bool good = i % 100 != 99;
      client.Write(Row(good ? "src" : "nope", absl::StrCat(i), "x"));
    }
  });
  int wrong = 0;
  for (int i = 0; i < kMessages; ++i) {
    const Response response = client.Read();
    const int code = i % 100 != 99 ? kAccepted : CodeOf(ResponseCode::kUnknownTag);
    if (response.id() != absl::StrCat("m", i) || response.code() != code) ++wrong;
  }
  writer.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(client.End().ok());

  const std::vector<std::string> log = sink_.log("src");
  ASSERT_EQ(log.size(), 1u + kMessages - kMessages / 100);
  size_t next = 1;
  for (int i = 0; i < kMessages; ++i) {
    if (i % 100 == 99) continue;
    ASSERT_EQ(log[next++], absl::StrCat(i, "=x"));
  }
  EXPECT_EQ(collector_->counters().messages, kMessages);
}

TEST_F(GrpcCollectorTest, ASecondStreamOfATagIsRefusedUntilTheFirstEnds) {
  Client first = Connect();
  ASSERT_EQ(first.Code(Barrier("src", 1)), kAccepted);
  Client second = Connect();
  EXPECT_EQ(second.Code(Barrier("src", 2)), CodeOf(ResponseCode::kTagTaken));
  EXPECT_EQ(second.Code(Barrier("dst", 2)), kAccepted);

  ASSERT_TRUE(first.End().ok());
  EXPECT_EQ(second.Code(Barrier("src", 3)), kAccepted);
  ASSERT_TRUE(second.End().ok());
  EXPECT_THAT(sink_.log("src"), ElementsAre("open", "barrier 1", "open restart", "barrier 3"));
  EXPECT_THAT(sink_.open_detail("src"), HasSubstr("127.0.0.1"));
}

TEST_F(GrpcCollectorTest, ACancelledStreamGivesItsTagBack) {
  Client first = Connect();
  ASSERT_EQ(first.Code(Barrier("src", 1)), kAccepted);
  first.Cancel();
  ASSERT_TRUE(StreamsOpen(0));
  Client second = Connect();
  EXPECT_EQ(second.Code(Barrier("src", 2)), kAccepted);
  ASSERT_TRUE(second.End().ok());
  EXPECT_THAT(sink_.log("src"), ElementsAre("open", "barrier 1", "open restart", "barrier 2"));
}

TEST_F(GrpcCollectorTest, ATagThatNoCheckUsesIsUnknown) {
  sink_.FailOpen(absl::NotFoundError("no check"));
  Client client = Connect();
  const Response response = client.Ask(Barrier("src", 1));
  EXPECT_EQ(response.code(), CodeOf(ResponseCode::kUnknownTag));
  EXPECT_THAT(response.msg(), HasSubstr("no check uses"));
  sink_.FailOpen(absl::OkStatus());
  EXPECT_EQ(client.Code(Barrier("src", 1)), kAccepted);
}

TEST_F(GrpcCollectorTest, WhatTheCheckerDidNotTakeIsCounted) {
  sink_.FailAppend(absl::InternalError("broken"));
  Client client = Connect();
  EXPECT_EQ(client.Code(Barrier("src", 1)), kAccepted);
  ASSERT_TRUE(test::Eventually([&] { return collector_->counters().lost == 1; }));
  const Response response = client.Ask(Barrier("src", 2));
  EXPECT_EQ(response.code(), CodeOf(ResponseCode::kRefused));
  EXPECT_THAT(response.msg(), HasSubstr("broken"));
}

TEST_F(GrpcCollectorTest, ABlockedTagDoesNotHoldUpAnother) {
  sink_.Hold("src");
  Client blocked = Connect();
  ASSERT_EQ(blocked.Code(Barrier("src", 1)), kAccepted);
  ASSERT_TRUE(test::Eventually([&] { return sink_.waiting("src"); }));

  Client free = Connect();
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(free.Code(Barrier("dst", i)), kAccepted);
  ASSERT_TRUE(free.End().ok());
  EXPECT_EQ(sink_.log("dst").size(), 101u);
  EXPECT_THAT(sink_.log("src"), ElementsAre("open"));

  sink_.Let("src");
  EXPECT_TRUE(blocked.End().ok());
  EXPECT_THAT(sink_.log("src"), ElementsAre("open", "barrier 1"));
}

class SmallQueueTest : public GrpcCollectorTest {
 protected:
  void SetUp() override {
    GrpcCollectorOptions options = Defaults();
    options.queue_bytes = 64 << 10;
    options.max_message_bytes = 16 << 10;
    options.max_streams = 2;
    StartWith(std::move(options));
  }
};

TEST_F(SmallQueueTest, ReadingPausesWhileTheSinkIsBlocked) {
  constexpr int kMessages = 2000;
  const std::string content(8 << 10, 'x');
  sink_.Hold("src");
  Client client = Connect();
  std::jthread writer([&] {
    for (int i = 0; i < kMessages; ++i) client.Write(Row("src", absl::StrCat(i), content));
  });
  // 64 KiB waiting, 64 KiB being appended: reading stops long before 16 MiB.
  ASSERT_TRUE(test::Eventually([&] { return sink_.waiting("src"); }));
  ASSERT_TRUE(FakeSink::Settles([&] { return collector_->counters().messages; }));
  EXPECT_LE(collector_->counters().messages, 24);

  sink_.Let("src");
  for (int i = 0; i < kMessages; ++i) ASSERT_EQ(client.Read().code(), kAccepted);
  writer.join();
  EXPECT_TRUE(client.End().ok());
  EXPECT_EQ(sink_.log("src").size(), 1u + kMessages);
}

TEST_F(SmallQueueTest, ReadingPausesWhileTheClientDoesNotReadResponses) {
  constexpr int kMessages = 40'000;
  const std::string tag(1000, '-');  // each response names it
  Client client = Connect();
  std::jthread writer([&] {
    for (int i = 0; i < kMessages; ++i) client.Write(Barrier(tag, 1));
  });
  ASSERT_TRUE(FakeSink::Settles([&] { return collector_->counters().messages; }));
  EXPECT_LT(collector_->counters().messages, kMessages);
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(client.Read().code(), CodeOf(ResponseCode::kUnknownTag));
  }
  writer.join();
  EXPECT_TRUE(client.End().ok());
}

TEST_F(SmallQueueTest, ATooLargeMessageIsRefusedAndTheStreamGoesOn) {
  Client client = Connect();
  Message message = Row("src", "1", "");
  message.mutable_payload()->set_content(std::string((16 << 10) - message.ByteSizeLong() - 4, 'x'));
  while (message.ByteSizeLong() < (16 << 10))
    message.mutable_payload()->mutable_content()->append("x");
  ASSERT_EQ(message.ByteSizeLong(), size_t{16} << 10);
  EXPECT_EQ(client.Code(message), kAccepted);
  message.mutable_payload()->mutable_content()->append("x");
  const Response response = client.Ask(message);
  EXPECT_EQ(response.code(), CodeOf(ResponseCode::kTooLarge));
  EXPECT_EQ(response.id(), "m1");
  EXPECT_THAT(response.msg(), AllOf(HasSubstr("16385"), HasSubstr("16384")));
  EXPECT_EQ(client.Code(Barrier("src", 2)), kAccepted);
  EXPECT_TRUE(client.End().ok());
}

TEST_F(SmallQueueTest, AMessageOverTheLimitOfGrpcEndsItsStreamOnly) {
  Client client = Connect();
  ASSERT_EQ(client.Code(Barrier("src", 1)), kAccepted);
  EXPECT_EQ(client.Ask(Row("src", "1", std::string(1 << 20, 'x'))).code(), -1);
  EXPECT_EQ(client.Drain().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(StreamsOpen(0));
  EXPECT_EQ(Connect().Code(Barrier("src", 2)), kAccepted);
}

// One piece of memory, sent a thousand times: dcp does not take it in.
TEST_F(SmallQueueTest, AGibibyteEndsItsStreamOnly) {
  Client other = Connect();
  ASSERT_EQ(other.Code(Barrier("dst", 1)), kAccepted);
  grpc::GenericStub stub(grpc::CreateChannel(target(), grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  void* tag = nullptr;
  bool ok = false;
  auto call = stub.PrepareCall(&context, "/dcp.DCPService/Process", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const std::vector<grpc::Slice> slices(1024, grpc::Slice(std::string(1 << 20, 'x')));
  call->Write(grpc::ByteBuffer(slices.data(), slices.size()), nullptr);
  grpc::Status status;
  call->Finish(&status, &status);
  while (queue.Next(&tag, &ok) && tag != &status) {
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  ASSERT_TRUE(StreamsOpen(1));
  EXPECT_EQ(other.Code(Barrier("dst", 2)), kAccepted);
}

TEST_F(SmallQueueTest, OneStreamTooManyIsRefused) {
  Client first = Connect();
  Client second = Connect();
  ASSERT_EQ(first.Code(Barrier("src", 1)), kAccepted);
  ASSERT_EQ(second.Code(Barrier("dst", 1)), kAccepted);
  Client third = Connect();
  const grpc::Status status = third.Drain();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("2 streams"));
  ASSERT_TRUE(first.End().ok());
  ASSERT_TRUE(StreamsOpen(1));
  EXPECT_EQ(Connect().Code(Barrier("src", 2)), kAccepted);
  EXPECT_EQ(collector_->counters().streams_refused, 1);
}

// Sends bytes that are no dcp.Message.
TEST_F(GrpcCollectorTest, BytesThatAreNoMessageAreRefusedAndTheStreamGoesOn) {
  grpc::GenericStub stub(grpc::CreateChannel(target(), grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  void* tag = nullptr;
  bool ok = false;
  auto call = stub.PrepareCall(&context, "/dcp.DCPService/Process", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  std::string bad_utf8 = Row("src", "1", "x").SerializeAsString();
  bad_utf8[bad_utf8.find("src")] = '\xff';
  const std::string good = Row("src", "1", "x").SerializeAsString();
  std::vector<std::pair<std::string, int>> sent = {{bad_utf8, CodeOf(ResponseCode::kMalformed)},
                                                   {good, kAccepted}};
  // Cut at every place: refused, or a shorter message; never a crash.
  for (size_t size = 0; size < good.size(); ++size) sent.push_back({good.substr(0, size), -1});
  for (const auto& [bytes, code] : sent) {
    const grpc::Slice slice(bytes);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
    grpc::ByteBuffer buffer;
    call->Read(&buffer, nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
    grpc::Slice answer;
    ASSERT_TRUE(buffer.DumpToSingleSlice(&answer).ok());
    Response response;
    ASSERT_TRUE(response.ParseFromArray(answer.begin(), static_cast<int>(answer.size())));
    if (code != -1) {
      EXPECT_EQ(response.code(), code);
    } else {
      EXPECT_THAT(response.code(), ::testing::AnyOf(CodeOf(ResponseCode::kMalformed),
                                                    CodeOf(ResponseCode::kUnknownTag),
                                                    CodeOf(ResponseCode::kNoBody), kAccepted));
    }
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
}

TEST_F(GrpcCollectorTest, StopEndsOpenStreamsWithUnavailable) {
  Client idle = Connect();
  ASSERT_EQ(idle.Code(Barrier("dst", 1)), kAccepted);
  Client busy = Connect();
  ASSERT_EQ(busy.Code(Barrier("src", 1)), kAccepted);
  std::jthread writer([&] {
    for (uint64_t i = 2; busy.Write(Barrier("src", i)); ++i) {
    }
  });
  int64_t accepted = 0;
  grpc::Status status;
  std::jthread reader([&] {
    while (busy.Read().code() == kAccepted) ++accepted;
    status = busy.Drain();
  });
  ASSERT_TRUE(LogHas("src", 100));
  EXPECT_OK(collector_->Stop(absl::Seconds(10)));
  writer.join();
  reader.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stopping"));
  EXPECT_EQ(idle.Drain().error_code(), grpc::StatusCode::UNAVAILABLE);
  // All that was acknowledged has arrived ("open" and "barrier 1" came before).
  EXPECT_GE(static_cast<int64_t>(sink_.log("src").size()), accepted + 2);
  EXPECT_GT(accepted, 0);
  EXPECT_OK(collector_->Stop(absl::Seconds(10)));
}

// A client may not look at a connection without calls for minutes.
TEST_F(GrpcCollectorTest, StopDoesNotWaitForConnectionsWithoutCalls) {
  Client client = Connect();
  ASSERT_EQ(client.Code(Barrier("dst", 1)), kAccepted);
  ASSERT_TRUE(client.End().ok());
  const absl::Duration begin = Clock::Real().Monotonic();
  EXPECT_OK(collector_->Stop(absl::Seconds(20)));
  EXPECT_LT(Clock::Real().Monotonic() - begin, absl::Seconds(10));
}

TEST_F(GrpcCollectorTest, StopSaysWhenTheSinkHoldsItUp) {
  sink_.Hold("src");
  Client client = Connect();
  ASSERT_EQ(client.Code(Barrier("src", 1)), kAccepted);
  ASSERT_TRUE(test::Eventually([&] { return sink_.waiting("src"); }));
  EXPECT_THAT(collector_->Stop(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("1 stopped stream")));
  EXPECT_FALSE(client.Drain().ok());
  sink_.Cancel();
  EXPECT_OK(collector_->Stop(absl::Seconds(10)));
  EXPECT_EQ(collector_->counters().lost, 1);
}

TEST_F(GrpcCollectorTest, StopIsNotHeldUpByAClientThatDoesNotRead) {
  Client client = Connect();
  std::jthread writer([&] {
    while (client.Write(Barrier(std::string(1000, '-'), 1))) {
    }
  });
  ASSERT_TRUE(test::Eventually([&] { return collector_->counters().refused > 100; }));
  EXPECT_OK(collector_->Stop(absl::Milliseconds(200)));
  writer.join();
  EXPECT_FALSE(client.Drain().ok());
}

// One stream after another on either tag, ended in every way, by several clients
// at once: no stream stays behind, and what was acknowledged before an orderly end
// has arrived.
TEST_F(GrpcCollectorTest, StreamsComeAndGoInEveryWay) {
  std::atomic<uint64_t> acknowledged{0};
  std::vector<std::thread> clients;
  for (unsigned seed = 0; seed < 6; ++seed) {
    clients.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 30; ++i) {
        Client client = Connect();
        uint64_t accepted = 0;
        for (uint64_t n = random() % 20; n > 0; --n) {
          accepted += client.Code(Barrier(random() % 2 == 0 ? "src" : "dst", n)) == kAccepted;
        }
        if (random() % 3 == 0) client.Write(Barrier("src", 1));  // not waited for
        if (random() % 3 == 0) client.Cancel();
        client.End();
        acknowledged += accepted;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(StreamsOpen(0));
  uint64_t barriers = 0;
  for (const char* tag : {"src", "dst"}) {
    for (const std::string& entry : sink_.log(tag)) barriers += entry.starts_with("barrier");
  }
  EXPECT_GE(barriers, acknowledged);
  EXPECT_GT(acknowledged, 0u);
  EXPECT_EQ(collector_->counters().streams_started, 180);
}

// Accepts, and says nothing: neither a request nor what would begin TLS.
TEST_F(GrpcCollectorTest, AConnectionThatSaysNothingIsClosed) {
  ASSERT_OK(collector_->Stop(absl::Seconds(20)));
  GrpcCollectorOptions options = Defaults();
  options.handshake = absl::Milliseconds(300);
  StartWith(options);
  const absl::Duration begun = Clock::Real().Monotonic();
  test::TcpClient silent(static_cast<uint16_t>(collector_->port()));
  test::TcpClient noise(static_cast<uint16_t>(collector_->port()));
  noise.Send("GET / HTTP/1.1\r\n\r\n");
  silent.Receive();
  noise.Receive();
  EXPECT_LT(Clock::Real().Monotonic() - begun, absl::Seconds(25));  // the client's own limit is 30
  EXPECT_EQ(Connect().Code(Barrier("src", 1)), 0);
}

class TokenTest : public CollectorFixture {
 protected:
  void SetUp() override {
    GrpcCollectorOptions options = Defaults();
    options.access = model::Access({{"dst", "push-dst", {model::Role::kPush}, {model::Tag("dst")}},
                                    {"reader", "read", {model::Role::kRead}, {}}});
    StartWith(options);
  }
  // How a call with the token ends at once, or what it answers to a barrier of `tag`.
  Response Ask(const std::string& authorization, const std::string& tag, grpc::Status* end) {
    const auto stub =
        DCPService::NewStub(grpc::CreateChannel(target(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    const auto call = stub->Process(&context);
    Response response;
    response.set_code(-1);
    call->Write(Barrier(tag, 1));
    call->Read(&response);
    call->WritesDone();
    *end = call->Finish();
    return response;
  }
};

TEST_F(TokenTest, ACallNeedsATokenThatMayPush) {
  grpc::Status end;
  for (const char* wrong : {"", "push-dst", "Bearer push-ds", "Bearer push-dst2"}) {
    EXPECT_EQ(Ask(wrong, "dst", &end).code(), -1) << wrong;
    EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAUTHENTICATED) << wrong;
  }
  Ask("Bearer read", "dst", &end);
  EXPECT_EQ(end.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Ask("Bearer push-dst", "dst", &end).code(), 0);
  EXPECT_TRUE(end.ok()) << end.error_message();
  EXPECT_EQ(collector_->counters().streams_refused, 5);
}

TEST_F(TokenTest, AMessageOfAnotherTagIsRefusedAndTheCallGoesOn) {
  grpc::Status end;
  for (const char* tag : {"src", "none", ""}) {
    const Response response = Ask("Bearer push-dst", tag, &end);
    EXPECT_EQ(response.code(), static_cast<int>(ResponseCode::kNotAuthorised)) << tag;
    EXPECT_TRUE(end.ok());
  }
  EXPECT_EQ(collector_->counters().refused, 3);
}

TEST_F(GrpcCollectorTest, APortInUseIsAnError) {
  GrpcCollectorOptions options = Defaults();
  options.listen = target();
  ASSERT_OK_AND_ASSIGN(auto second, GrpcCollector::Create(options, sink_));
  EXPECT_THAT(second->Start(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(target())));
  EXPECT_OK(second->Stop(absl::Seconds(1)));
  EXPECT_EQ(Connect().Code(Barrier("src", 1)), kAccepted);
}

TEST_F(GrpcCollectorTest, APortIsFreeAgainAfterStop) {
  GrpcCollectorOptions options = Defaults();
  options.listen = target();
  ASSERT_OK(collector_->Stop(absl::Seconds(5)));
  StartWith(std::move(options));
  EXPECT_EQ(Connect().Code(Barrier("src", 1)), kAccepted);
}

TEST_F(GrpcCollectorTest, HealthAndReflectionAreServed) {
  for (const char* method : {"/grpc.health.v1.Health/Check",
                             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    grpc::GenericStub stub(grpc::CreateChannel(target(), grpc::InsecureChannelCredentials()));
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    grpc::Slice empty;
    auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&empty, 1), &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
    EXPECT_TRUE(status.ok()) << method << ": " << status.error_message();
  }
}

struct BadOption {
  const char* name;
  void (*set)(GrpcCollectorOptions&);
};

class BadOptionTest : public ::testing::TestWithParam<BadOption> {};

TEST_P(BadOptionTest, IsNamed) {
  GrpcCollectorOptions options;
  options.tags = {model::Tag("src")};
  GetParam().set(options);
  FakeSink sink;
  EXPECT_THAT(GrpcCollector::Create(options, sink).status(),
              HasCode(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    , BadOptionTest,
    ::testing::Values(
        BadOption{"NoTags", [](GrpcCollectorOptions& o) { o.tags.clear(); }},
        BadOption{"EmptyTag", [](GrpcCollectorOptions& o) { o.tags = {model::Tag("")}; }},
        BadOption{"NoAddress", [](GrpcCollectorOptions& o) { o.listen = ""; }},
        BadOption{"NoStreams", [](GrpcCollectorOptions& o) { o.max_streams = 0; }},
        BadOption{"NoMessageSize", [](GrpcCollectorOptions& o) { o.max_message_bytes = 0; }},
        BadOption{"HugeMessageSize",
                  [](GrpcCollectorOptions& o) { o.max_message_bytes = int64_t{1} << 40; }},
        BadOption{"NoQueue", [](GrpcCollectorOptions& o) { o.queue_bytes = 0; }}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::collector
