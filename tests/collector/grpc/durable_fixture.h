// A durable collector that can be restarted over the same directory with a new sink, a disk
// that can be full, and clients of Push.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/grpc/durable_tag.h"
#include "tests/collector/grpc/collector_fixture.h"
#include "tests/collector/grpc/intake_directory.h"

namespace dcp::collector {

// A disk that may be full. What it does is not synced: no test survives the machine.
class DiskOfSize final : public FileIo {
 public:
  ssize_t Write(int fd, const char* bytes, size_t size) override {
    if (!full) return FileIo::Write(fd, bytes, size);
    errno = ENOSPC;
    return -1;
  }
  int Sync(int) override { return 0; }

  std::atomic<bool> full{false};
};

// One call of Push. Each step fails the test when it takes more than 30 s.
class PushCall {
 public:
  explicit PushCall(const std::string& target)
      : stub_(
            DCPService::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call_ = stub_->Push(&context_);
  }

  // What the server holds; -1 when the call has ended.
  int64_t Open(const std::string& session, const std::string& tag, uint64_t acknowledged = 0) {
    PushRequest request;
    request.mutable_open()->set_session(session);
    request.mutable_open()->set_tag(tag);
    request.mutable_open()->set_acknowledged(acknowledged);
    call_->Write(request);
    return Read();
  }
  void Send(uint64_t first, const std::vector<Message>& messages) {
    PushRequest request;
    request.mutable_batch()->set_first_sequence(first);
    for (const Message& message : messages) *request.mutable_batch()->add_messages() = message;
    call_->Write(request);
  }
  void SendNothing() { call_->Write(PushRequest()); }
  int64_t Read() {
    response_.Clear();
    return call_->Read(&response_) ? static_cast<int64_t>(response_.last_sequence()) : -1;
  }
  // Reads up to the acknowledgement of `sequence`; false when the call ends before.
  bool Await(int64_t sequence) {
    while (true) {
      const int64_t last = Read();
      for (const PushRefusal& refusal : response_.refused()) {
        refused_.push_back(absl::StrCat(refusal.sequence(), ":", refusal.code()));
      }
      if (last < 0 || last >= sequence) return last >= 0;
    }
  }
  grpc::Status End() {
    call_->WritesDone();
    return Drain();
  }
  grpc::Status Drain() {
    while (Read() >= 0) {
    }
    return call_->Finish();
  }
  void Cancel() { context_.TryCancel(); }
  const std::vector<std::string>& refused() const { return refused_; }  // "7:2": number, code

 private:
  std::unique_ptr<DCPService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<PushRequest, PushResponse>> call_;
  PushResponse response_;
  std::vector<std::string> refused_;
};

class DurableFixture : public ::testing::Test {
 protected:
  GrpcCollectorOptions Options() {
    GrpcCollectorOptions options;
    options.listen = "127.0.0.1:0";
    options.tags = {model::Tag("src"), model::Tag("dst")};
    options.durable = durable_;
    options.intake_directory = dir_.path();
    options.io = &disk_;
    options.log = [this](absl::string_view line) {
      MutexLock lock(mu_);
      lines_.emplace_back(line);
    };
    if (!place_.empty()) options.start_places[model::Tag("src")] = place_;
    options.intake_max_bytes = max_bytes_;
    options.queue_bytes = queue_bytes_;
    options.max_message_bytes = max_message_bytes_;
    return options;
  }
  // With a new sink. What the last one got is `before_`.
  void Restart() {
    StopAll();
    sink_ = std::make_unique<FakeSink>();
    ASSERT_OK_AND_ASSIGN(collector_, GrpcCollector::Create(Options(), *sink_));
    ASSERT_OK(collector_->Start());
  }
  void StopAll() {
    if (collector_ == nullptr) return;
    sink_->Cancel();
    EXPECT_OK(collector_->Stop(absl::Seconds(20)));
    collector_ = nullptr;
  }
  void SetUp() override { Restart(); }
  void TearDown() override { StopAll(); }

  std::string target() const { return absl::StrCat("127.0.0.1:", collector_->port()); }
  // What the checker gets of "src" once it is `size` entries.
  std::vector<std::string> Log(size_t size) {
    test::Eventually([&] { return sink_->log("src").size() >= size; });
    return sink_->log("src");
  }
  std::vector<std::string> lines() {
    MutexLock lock(mu_);
    return lines_;
  }

  bool durable_ = true;
  std::string place_;
  int64_t max_bytes_ = int64_t{1} << 30;
  int64_t queue_bytes_ = int64_t{4} << 20;
  int64_t max_message_bytes_ = int64_t{4} << 20;
  IntakeDirectory dir_;
  DiskOfSize disk_;
  Mutex mu_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<FakeSink> sink_;
  std::unique_ptr<GrpcCollector> collector_;
};

}  // namespace dcp::collector
