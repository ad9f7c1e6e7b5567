// ProcessStream: one call of DCPService.Process.
//
// Three things run beside each other, so that none waits for another: gRPC's
// threads read and judge messages (StreamIntake), gRPC's threads write the
// responses in order, and one worker thread hands batches to the ChangeSink,
// where it may have to wait. A message is acknowledged as soon as it lies in the
// intake, which the worker empties in order. Reading pauses while the intake or
// the unsent responses are over their budget.
//
// How a call ends:
//   client half-closes   the intake is drained, the tags are given back, then OK
//   Stop()               the same, then UNAVAILABLE
//   connection lost      at once; the worker drains the intake and then gives the
//                        tags back
//
// Where messages are durable the worker stores them in the log of their tag instead, one
// sync for all that have come meanwhile, and responses wait for it. While the disk refuses,
// nothing is acknowledged or read, and it tries on.
//
// Messages are read as bytes and parsed here, because gRPC ends a stream without
// a word at a message that it cannot parse.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "collector/grpc/stream_intake.h"
#include "collector/grpc/stream_shared.h"

namespace dcp::collector {

class ProcessStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                            public ServedStream,
                            public std::enable_shared_from_this<ProcessStream> {
 public:
  // `shared` outlives this; `id` is unique within it and not 0.
  ProcessStream(StreamShared& shared, uint64_t id, std::string peer);

  // Begins to read. From here on it keeps itself alive until the call is done.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  // The worker: returns when everything accepted has been handed over and no
  // more will come. Runs once.
  void RunWorker() override ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the call in order, with UNAVAILABLE. Returns at once; idempotent.
  void Stop() override ABSL_LOCKS_EXCLUDED(mu_);

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCancel() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() override;

 private:
  struct PendingResponse {
    std::string id;
    Reply reply;
    size_t bytes() const { return sizeof(PendingResponse) + id.size() + reply.msg.size(); }
  };
  // What to ask gRPC for, decided under the lock and done outside it.
  struct Operations {
    bool read = false;
    const PendingResponse* write = nullptr;
    bool more_writes = false;
    bool any() const { return read || write != nullptr; }
  };

  // Starts whatever can be started now.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  Operations Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Issue(const Operations& operations) ABSL_LOCKS_EXCLUDED(mu_);
  void FinishIfDone() ABSL_LOCKS_EXCLUDED(mu_);
  bool MayFinish() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  grpc::Status FinalStatus() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // The message in `read_buffer_`: parsed into `message_`, or why it cannot be
  // accepted.
  std::optional<Reply> ParseMessage();
  void Answer(Reply reply) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_ended_ || stopping_ || cancelled_;
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return held_ || intake_.pending_bytes() > 0;
  }
  // Whether the worker must not wait for more to come.
  bool Urgent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WakeWorker() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // False when there is nothing left to do, ever.
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mu_);
  void OpenHeld() ABSL_LOCKS_EXCLUDED(mu_);
  void AppendPending() ABSL_LOCKS_EXCLUDED(mu_);
  void HandOver(StreamIntake::TagBatch& pending) ABSL_LOCKS_EXCLUDED(mu_);
  void StorePending() ABSL_LOCKS_EXCLUDED(mu_);
  bool GivesUp() ABSL_LOCKS_EXCLUDED(mu_);
  void DropUnconfirmed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  StreamShared& shared_;
  const std::string peer_;

  std::shared_ptr<ProcessStream> self_;  // until OnDone
  // Used by the one who has the read: gRPC, then OnReadDone, then the worker
  // while the message is held.
  grpc::ByteBuffer read_buffer_;
  Message message_;
  uint64_t message_number_ = 0;
  // Used by the one who has the write.
  grpc::ByteBuffer write_buffer_;

  Mutex mu_;
  CondVar worker_wake_;
  StreamIntake intake_ ABSL_GUARDED_BY(mu_);
  std::deque<PendingResponse> responses_ ABSL_GUARDED_BY(mu_);  // front: being written
  size_t response_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // Responses so far: made, those that may go out, and those that have.
  uint64_t answered_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t confirmed_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;  // something is not stored, so nothing behind it
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool held_ ABSL_GUARDED_BY(mu_) = false;        // message_ waits for its tag to be opened
  bool read_ended_ ABSL_GUARDED_BY(mu_) = false;  // the client has half-closed
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool drained_ ABSL_GUARDED_BY(mu_) = false;  // the worker has ended
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  int issuing_ ABSL_GUARDED_BY(mu_) = 0;  // threads between Decide() and the end of Issue()
  bool worker_idle_ ABSL_GUARDED_BY(mu_) = false;
  bool worker_lingers_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dcp::collector
