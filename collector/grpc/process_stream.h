// ProcessStream: one call of DCPService.Process.
//
// gRPC's threads read and judge messages (StreamIntake) and write the responses in order; the
// worker hands batches to the ChangeSink, where it may have to wait. A message is acknowledged
// as soon as it lies in the intake, which the worker empties in order. Reading pauses while the
// intake or the unsent responses are over their budget. The tags are given back when the
// intake is drained.
//
// Where messages are durable the worker stores them in the log of their tag instead, one
// sync for all that have come meanwhile, and responses wait for it. While the disk refuses,
// nothing is acknowledged or read, and it tries on.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "collector/grpc/served_call.h"
#include "collector/grpc/stream_intake.h"

namespace dcp::collector {

class ProcessStream final : public ServedCall {
 public:
  // `shared` outlives this; `id` is unique within it and not 0.
  ProcessStream(StreamShared& shared, uint64_t id, Caller caller);

  // Returns when everything accepted has been handed over and no more will come.
  void RunWorker() override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct PendingResponse {
    std::string id;
    Reply reply;
    size_t bytes() const { return sizeof(PendingResponse) + id.size() + reply.msg.size(); }
  };

  void Parse(grpc::ByteBuffer& message) override;
  void Take() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayRead() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool BeginWrite() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WriteNext(grpc::ByteBuffer* buffer) override;
  void Written() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AllWritten() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return responses_.empty(); }
  grpc::Status StoppedStatus() const override;
  void WakeWorker() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  void Answer(Reply reply) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return held_ || intake_.pending_bytes() > 0;
  }
  // Whether the worker must not wait for more to come.
  bool Urgent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // False when there is nothing left to do, ever.
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mu_);
  void OpenHeld() ABSL_LOCKS_EXCLUDED(mu_);
  void AppendPending() ABSL_LOCKS_EXCLUDED(mu_);
  void HandOver(StreamIntake::TagBatch& pending) ABSL_LOCKS_EXCLUDED(mu_);
  void StorePending() ABSL_LOCKS_EXCLUDED(mu_);
  bool GivesUp() ABSL_LOCKS_EXCLUDED(mu_);
  void DropUnconfirmed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string peer_;

  // Of the one who has the read: gRPC, then Take(), then the worker while the message is held.
  Message message_;
  std::optional<Reply> fault_;  // why it cannot be accepted
  uint64_t message_number_ = 0;
  // Of the one who has the write.
  const PendingResponse* writes_ = nullptr;
  bool more_writes_ = false;

  CondVar worker_wake_;
  StreamIntake intake_ ABSL_GUARDED_BY(mu_);
  std::deque<PendingResponse> responses_ ABSL_GUARDED_BY(mu_);  // front: being written
  size_t response_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // Responses so far: made, those that may go out, and those that have.
  uint64_t answered_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t confirmed_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;  // something is not stored, so nothing behind it
  bool held_ ABSL_GUARDED_BY(mu_) = false;     // message_ waits for its tag to be opened
  bool worker_idle_ ABSL_GUARDED_BY(mu_) = false;
  bool worker_lingers_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dcp::collector
