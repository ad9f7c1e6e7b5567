// A GrpcCollector in this process on a free port, a fake sink behind it, and
// clients with real stubs in front of it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/grpc/grpc_collector.h"
#include "proto/dcp.grpc.pb.h"
#include "tests/collector/grpc/fake_sink.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {

inline Message Barrier(const std::string& tag, uint64_t offset) {
  Message message;
  message.set_tag(tag);
  message.set_id(absl::StrCat("b", offset));
  message.set_barrier(offset);
  return message;
}

inline Message Row(const std::string& tag, const std::string& key, const std::string& content) {
  Message message;
  message.set_tag(tag);
  message.set_id(absl::StrCat("m", key));
  message.mutable_payload()->set_id(key);
  message.mutable_payload()->set_content(content);
  message.set_timestamp(1'700'000'000);
  return message;
}

// One call of Process. Each step fails the test when it takes more than 30 s.
class Client {
 public:
  explicit Client(const std::string& target)
      : stub_(
            DCPService::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call_ = stub_->Process(&context_);
  }

  bool Write(const Message& message) { return call_->Write(message); }
  // The next response; one with code -1 when the call has ended.
  Response Read() {
    Response response;
    if (!call_->Read(&response)) response.set_code(-1);
    return response;
  }
  Response Ask(const Message& message) {
    Write(message);
    return Read();
  }
  int Code(const Message& message) { return Ask(message).code(); }
  // Half-closes, drops what still comes, and returns how the call ended.
  grpc::Status End() {
    call_->WritesDone();
    return Drain();
  }
  grpc::Status Drain() {
    Response response;
    while (call_->Read(&response)) {
    }
    return call_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<DCPService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Message, Response>> call_;
};

class CollectorFixture : public ::testing::Test {
 protected:
  // With tags "src" and "dst", on a free port.
  static GrpcCollectorOptions Defaults() {
    GrpcCollectorOptions options;
    options.listen = "127.0.0.1:0";
    options.tags = {model::Tag("src"), model::Tag("dst")};
    return options;
  }

  void StartWith(GrpcCollectorOptions options) {
    ASSERT_OK_AND_ASSIGN(collector_, GrpcCollector::Create(std::move(options), sink_));
    ASSERT_OK(collector_->Start());
  }
  void SetUp() override { StartWith(Defaults()); }
  void TearDown() override {
    sink_.Cancel();
    if (collector_ == nullptr) return;
    EXPECT_OK(collector_->Stop(absl::Seconds(20)));
  }

  std::string target() const { return absl::StrCat("127.0.0.1:", collector_->port()); }
  Client Connect() const { return Client(target()); }

  FakeSink sink_;
  std::unique_ptr<GrpcCollector> collector_;
};

}  // namespace dcp::collector
