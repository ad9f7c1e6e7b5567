#include "tests/cmd/resending_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/servers/process.h"
#include "tests/support/eventually.h"

namespace dcp::test {
namespace {

constexpr uint64_t kMaxBatch = 10;
// Sent and not acknowledged.
constexpr uint64_t kWindow = 40;
constexpr absl::Duration kIdle = absl::Milliseconds(2);
constexpr int32_t kAccepted = 0, kFedByAnother = 6, kStopping = 7;

std::unique_ptr<DCPService::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  for (const char* key : {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                          GRPC_ARG_MIN_RECONNECT_BACKOFF_MS}) {
    arguments.SetInt(key, 100);
  }
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return DCPService::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

ResendingClient::ResendingClient(Options options)
    : options_(std::move(options)), start_(Clock::Real().Monotonic()), thread_([this] { Run(); }) {}

ResendingClient::~ResendingClient() {
  stop_ = true;
  Reconnect();
  thread_.join();
}

void ResendingClient::Reconnect() {
  MutexLock lock(mu_);
  if (context_ != nullptr) context_->TryCancel();
}

bool ResendingClient::FinishAt(uint64_t last) {
  last_ = last;
  return Eventually([&] { return acknowledged_ >= last; }, absl::Seconds(120));
}

uint64_t ResendingClient::Allowed() const {
  if (last_ != UINT64_MAX) return last_;
  const double seconds = absl::ToDoubleSeconds(Clock::Real().Monotonic() - start_);
  return std::min(options_.last, static_cast<uint64_t>(seconds * options_.per_second));
}

void ResendingClient::SetContext(grpc::ClientContext* context) {
  MutexLock lock(mu_);
  context_ = context;
  if (context_ != nullptr && stop_) context_->TryCancel();
}

void ResendingClient::Run() {
  while (!stop_ && acknowledged_ < last_) {
    const auto stub = Connect(options_.address);  // by a connection of its own
    options_.call == Call::kPush ? PushCall(*stub) : ProcessCall(*stub);
    Pause(kIdle);
  }
}

void ResendingClient::PushCall(DCPService::Stub& stub) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  SetContext(&context);
  const auto call = stub.Push(&context);
  PushRequest open;
  open.mutable_open()->set_session("session");
  open.mutable_open()->set_tag(options_.tag);
  PushResponse response;
  bool ok = call->Write(open) && call->Read(&response);
  if (ok) {
    EXPECT_GE(response.last_sequence(), acknowledged_)
        << options_.tag << ": acknowledged, and lost";
    acknowledged_ = sent_ = response.last_sequence();
  }
  while (ok && !stop_ && acknowledged_ < last_) {
    const uint64_t end = std::min({Allowed(), acknowledged_ + kWindow, sent_ + kMaxBatch});
    if (end > sent_) {
      PushRequest request;
      request.mutable_batch()->set_first_sequence(sent_ + 1);
      for (uint64_t n = sent_ + 1; n <= end; ++n) {
        *request.mutable_batch()->add_messages() = options_.message(n);
      }
      ok = call->Write(request);
      sent_ = end;
    } else if (sent_ > acknowledged_) {
      ok = call->Read(&response);
      EXPECT_EQ(response.refused_size(), 0) << response.ShortDebugString();
      if (ok) acknowledged_ = std::max(acknowledged_.load(), response.last_sequence());
    } else {
      Pause(kIdle);
    }
  }
  context.TryCancel();
  call->Finish();
  SetContext(nullptr);
}

void ResendingClient::ProcessCall(DCPService::Stub& stub) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  SetContext(&context);
  const auto call = stub.Process(&context);
  sent_ = acknowledged_.load();
  bool ok = true;
  while (ok && !stop_ && acknowledged_ < last_) {
    if (sent_ < std::min(Allowed(), acknowledged_ + kWindow)) {
      Message message = options_.message(sent_ + 1);
      message.set_tag(options_.tag);
      ok = call->Write(message);
      ++sent_;
    } else if (sent_ > acknowledged_) {
      Response response;
      ok = call->Read(&response);
      if (!ok) break;
      const int32_t code = response.code();
      EXPECT_TRUE(code == kAccepted || code == kFedByAnother || code == kStopping)
          << response.ShortDebugString();
      ok = code == kAccepted;
      if (ok) ++acknowledged_;
    } else {
      Pause(kIdle);
    }
  }
  context.TryCancel();
  call->Finish();
  SetContext(nullptr);
}

}  // namespace dcp::test
