// Watcher: one call of ControlService.Watch: writes the responses that it is given, one after
// another.
//
// Thread-safe; what is of the hub's thread alone says so.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "proto/control.pb.h"
#include "server/watch_hub.h"

namespace dcp::server {

class Watcher final : public grpc::ServerWriteReactor<control::WatchResponse>,
                      public std::enable_shared_from_this<Watcher> {
 public:
  // `hub` and `clock` outlive it.
  Watcher(WatchHub& hub, const Clock& clock, uint64_t id, grpc::CallbackServerContext* call,
          WatchTerms asked)
      : terms(std::move(asked)), id_(id), hub_(hub), clock_(clock), call_(call) {}

  // Keeps itself alive from here on until the call is done.
  void Start() { self_ = shared_from_this(); }

  uint64_t id() const { return id_; }

  // Of the hub's thread.
  const WatchTerms terms;
  std::optional<int64_t> place;  // of the last alarm looked at; nullopt: it has not begun
  int64_t told_place = 0;        // of the last cursor given

  // REQUIRES: the last ones were taken
  void Give(std::deque<control::WatchResponse> responses) ABSL_LOCKS_EXCLUDED(mu_);
  // The call ends with `why` as soon as what is being written was taken; the first one stays.
  void Fail(grpc::Status why) ABSL_LOCKS_EXCLUDED(mu_);
  // Cuts off who is too slow.
  void CheckPace(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mu_);

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCancel() override { Fail({grpc::StatusCode::CANCELLED, "the call was cancelled"}); }
  void OnDone() override;

 private:
  // Begins what can be begun now. Never under the lock: gRPC may come back from within.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);

  const uint64_t id_;
  WatchHub& hub_;
  const Clock& clock_;
  grpc::CallbackServerContext* const call_;
  std::shared_ptr<Watcher> self_;
  control::WatchResponse written_;  // of the one who has the write

  Mutex mu_;
  std::deque<control::WatchResponse> queue_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration writing_since_ ABSL_GUARDED_BY(mu_);  // monotonic
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<grpc::Status> failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::server
