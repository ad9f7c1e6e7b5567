// PushStream: one call of DCPService.Push.
//
// gRPC's threads read requests into a bounded queue and write acknowledgements; the worker
// takes all that has come, judges it (PushSession), and hands it to the ChangeSink, or
// stores it in the log of a durable tag with one sync, and then acknowledges it, all with one
// response.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "collector/grpc/push_session.h"
#include "collector/grpc/served_call.h"

namespace dcp::collector {

class PushStream final : public ServedCall {
 public:
  // `shared` outlives this; `id` is unique within it and not 0.
  PushStream(StreamShared& shared, uint64_t id, Caller caller);

  void RunWorker() override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Request {
    PushRequest request;
    size_t bytes = 0;  // on the wire
  };

  void Parse(grpc::ByteBuffer& message) override;
  void Take() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayRead() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool BeginWrite() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WriteNext(grpc::ByteBuffer* buffer) override;
  bool AllWritten() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !response_; }
  grpc::Status StoppedStatus() const override;
  void WakeWorker() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { worker_wake_.NotifyOne(); }
  bool Cancelled() ABSL_LOCKS_EXCLUDED(mu_);

  // Waits; empty: no more will come.
  std::deque<Request> TakeRequests() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Handle(std::deque<Request> requests);
  absl::Status Open(const PushRequest& request);
  absl::Status Claim();
  SessionState Held() const;
  // Hands over the good and new ones.
  absl::Status Feed(const std::deque<Request>& requests);
  absl::Status StoreAll(const std::deque<Request>& requests);
  absl::Status AppendAll(const std::deque<Request>& requests);
  absl::Status OpenSink();
  void Acknowledge(PushResponse response) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const uint64_t id_;
  const std::string peer_;
  const model::Grant grant_;

  std::optional<Request> read_;  // of the one who has the read; nullopt: damaged
  PushResponse written_;         // of the one who has the write

  // Of the worker.
  PushSession session_;
  bool is_open_ = false;
  bool has_begun_ = false;  // continuity was told of

  CondVar worker_wake_;
  std::deque<Request> requests_ ABSL_GUARDED_BY(mu_);
  size_t request_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<PushResponse> response_ ABSL_GUARDED_BY(mu_);  // to be written
};

}  // namespace dcp::collector
