// PushLane: sends the messages of one tag by DCPService.Push, over as many calls as it takes:
// what was not acknowledged is sent again after a reconnect, and counts once.
//
// Thread-safe; one thread adds. It has a thread of its own.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "proto/dcp.grpc.pb.h"

namespace dcp::cmd {

class PushLane {
 public:
  struct Options {
    std::string session;  // the same messages in the same order, whenever it is used again
    std::string tag;
    // How long it tries without anything being acknowledged.
    absl::Duration patience;
    std::string token = {};  // empty: none
  };
  struct Refusal {
    uint64_t line = 0;
    std::string id;
    int code = 0;
    std::string msg;
  };
  struct Counts {
    uint64_t acknowledged = 0, refused = 0, unanswered = 0;
  };

  // `on_refusal` is called by its thread.
  PushLane(DCPService::Stub& stub, Options options, std::function<void(const Refusal&)> on_refusal);
  // Does not wait for what is not acknowledged.
  ~PushLane();

  // The next message of the session, from `line` of the input. Waits while much is not
  // acknowledged. False: it has failed, Finish() tells why.
  bool Add(Message message, uint64_t line) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits for all acknowledgements, or until it fails.
  absl::Status Finish() ABSL_LOCKS_EXCLUDED(mu_);
  Counts counts() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Item {
    uint64_t sequence = 0, line = 0;
    size_t bytes = 0;
    Message message;
  };
  using Call = grpc::ClientReaderWriter<PushRequest, PushResponse>;

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status RunCall() ABSL_LOCKS_EXCLUDED(mu_);
  bool BeginCall(Call& call) ABSL_LOCKS_EXCLUDED(mu_);
  void SendItems(Call& call) ABSL_LOCKS_EXCLUDED(mu_);
  bool NextBatch(PushRequest& request) ABSL_LOCKS_EXCLUDED(mu_);
  void ReadAll(Call& call) ABSL_LOCKS_EXCLUDED(mu_);
  void Take(const PushResponse& response) ABSL_LOCKS_EXCLUDED(mu_);
  void Refuse(const Item& item, int code, const std::string& msg)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RefuseAll(const std::string& msg) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether to try again; waits a moment.
  bool MayRetry(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  DCPService::Stub& stub_;
  const Options options_;
  const std::function<void(const Refusal&)> on_refusal_;

  mutable Mutex mu_;
  CondVar changed_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mu_);  // not acknowledged, in order
  size_t item_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t last_added_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t acknowledged_ ABSL_GUARDED_BY(mu_) = 0;  // sequence, of calls before too
  uint64_t next_to_send_ ABSL_GUARDED_BY(mu_) = 1;  // in the present call
  absl::Duration last_progress_ ABSL_GUARDED_BY(mu_);
  Counts counts_ ABSL_GUARDED_BY(mu_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;  // of the present call
  bool call_over_ ABSL_GUARDED_BY(mu_) = false;
  bool refuses_ ABSL_GUARDED_BY(mu_) = false;  // the daemon has no such tag
  std::string refusal_ ABSL_GUARDED_BY(mu_);
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;
};

}  // namespace dcp::cmd
