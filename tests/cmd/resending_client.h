// ResendingClient: a client of a daemon that is killed again and again: it feeds one tag with
// messages that follow from their numbers, at a steady rate, keeps what is not acknowledged and
// sends it once more. Fails the test where a daemon does not hold what one acknowledged.
//
// Thread-safe; it has a thread of its own.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "proto/dcp.grpc.pb.h"

namespace dcp::test {

class ResendingClient {
 public:
  enum class Call { kPush, kProcess };
  struct Options {
    std::string address;
    std::string tag;
    Call call = Call::kPush;
    // Of a number, from 1 on.
    std::function<Message(uint64_t)> message;
    double per_second = 200;
    uint64_t last = UINT64_MAX;  // the last message
  };

  explicit ResendingClient(Options options);
  ~ResendingClient();
  ResendingClient(const ResendingClient&) = delete;
  ResendingClient& operator=(const ResendingClient&) = delete;

  // Numbers that were sent; those up to which all are acknowledged.
  uint64_t sent() const { return sent_; }
  uint64_t acknowledged() const { return acknowledged_; }

  // Ends the call and its connection; it goes on with others.
  void Reconnect() ABSL_LOCKS_EXCLUDED(mu_);

  // No message behind this one; the rest at once. False: not all were acknowledged in time.
  bool FinishAt(uint64_t last);

 private:
  void Run();
  void PushCall(DCPService::Stub& stub);
  void ProcessCall(DCPService::Stub& stub);
  uint64_t Allowed() const;
  // Empties it where the client is to stop.
  void SetContext(grpc::ClientContext* context) ABSL_LOCKS_EXCLUDED(mu_);

  const Options options_;
  const absl::Duration start_;
  std::atomic<uint64_t> sent_{0}, acknowledged_{0}, last_{UINT64_MAX};
  std::atomic<bool> stop_{false};
  Mutex mu_;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;
  std::thread thread_;
};

}  // namespace dcp::test
