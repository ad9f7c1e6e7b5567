// PushStream: one call of DCPService.Push.
//
// gRPC's threads read requests into a bounded queue and write acknowledgements; one worker
// thread takes all that has come, judges it (PushSession), and hands it to the ChangeSink, or
// stores it in the log of a durable tag with one sync, and then acknowledges it, all with one
// response. Ends as ProcessStream does.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "collector/grpc/push_session.h"
#include "collector/grpc/stream_shared.h"

namespace dcp::collector {

class PushStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public ServedStream,
                         public std::enable_shared_from_this<PushStream> {
 public:
  // `shared` outlives this; `id` is unique within it and not 0.
  PushStream(StreamShared& shared, uint64_t id, std::string peer);

  // Begins to read. From here on it keeps itself alive until the call is done.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);
  void RunWorker() override ABSL_LOCKS_EXCLUDED(mu_);
  void Stop() override ABSL_LOCKS_EXCLUDED(mu_);

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCancel() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() override;

 private:
  struct Request {
    PushRequest request;
    size_t bytes = 0;  // on the wire
  };

  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  void FinishIfDone() ABSL_LOCKS_EXCLUDED(mu_);
  bool MayRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  grpc::Status FinalStatus() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_ended_ || stopping_ || cancelled_ || !failure_.ok();
  }
  bool Cancelled() ABSL_LOCKS_EXCLUDED(mu_);
  // Only the worker's: an older call of a session is to make room for a newer one.
  void MakeRoom() ABSL_LOCKS_EXCLUDED(mu_);

  // Waits; empty: no more will come.
  std::deque<Request> TakeRequests() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Handle(std::deque<Request> requests);
  absl::Status Open(const PushRequest& request);
  absl::Status Claim();
  SessionState Held() const;
  // Hands over the good and new ones.
  absl::Status Feed(const std::deque<Request>& requests);
  absl::Status StoreAll(const std::deque<Request>& requests, PushResponse& response);
  absl::Status AppendAll(const std::deque<Request>& requests, PushResponse& response);
  absl::Status OpenSink();
  void Acknowledge(PushResponse response) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  StreamShared& shared_;
  const uint64_t id_;
  const std::string peer_;

  std::shared_ptr<PushStream> self_;  // until OnDone
  grpc::ByteBuffer read_buffer_;      // of the one who has the read
  grpc::ByteBuffer write_buffer_;     // of the one who has the write

  // Of the worker.
  PushSession session_;
  bool is_open_ = false;
  bool has_begun_ = false;  // continuity was told of

  Mutex mu_;
  CondVar worker_wake_;
  std::deque<Request> requests_ ABSL_GUARDED_BY(mu_);
  size_t request_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<PushResponse> response_ ABSL_GUARDED_BY(mu_);  // to be written
  absl::Status failure_ ABSL_GUARDED_BY(mu_);                  // ends the call
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool read_ended_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool drained_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  int issuing_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dcp::collector
