// ServedCall: what both calls of DCPService that clients push with have in common: gRPC's threads
// read and write, one worker thread takes what was read, and none of them waits for another.
//
// How a call ends:
//   client half-closes   the worker takes what has come, then OK
//   Stop()               the same, then UNAVAILABLE
//   connection lost      at once; the worker drains what was accepted
//
// Messages are read as bytes and parsed here, because gRPC ends a stream without
// a word at a message that it cannot parse.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/mutex.h"
#include "collector/grpc/stream_shared.h"

namespace dcp::collector {

class ServedCall : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                   public ServedStream,
                   public std::enable_shared_from_this<ServedCall> {
 public:
  // Begins to read. From here on it keeps itself alive until the call is done.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);
  void Stop() final ABSL_LOCKS_EXCLUDED(mu_);

  void OnReadDone(bool ok) final ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) final ABSL_LOCKS_EXCLUDED(mu_);
  void OnCancel() final ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() final;

 protected:
  // `shared` outlives this.
  explicit ServedCall(StreamShared& shared) : shared_(shared) {}

  // A message has come. First of the one who has the read, then under the lock if it is still
  // wanted.
  virtual void Parse(grpc::ByteBuffer& message) = 0;
  virtual void Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  // Whether there is room for another one.
  virtual bool MayRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Whether there is something to write: if so it is of the one who has the write from here on, and
  // WriteNext() calls StartWrite() with it.
  virtual bool BeginWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  virtual void WriteNext(grpc::ByteBuffer* buffer) = 0;
  virtual void Written() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  virtual bool AllWritten() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  // Of a call that was not cut off, and whose client has not ended it.
  virtual grpc::Status StoppedStatus() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Something has changed that the worker may be waiting for.
  virtual void WakeWorker() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;

  // Starts whatever can be started now.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  // Ends the call at once; what was accepted is taken by the worker.
  void CutOff() ABSL_LOCKS_EXCLUDED(mu_);
  // What the call ends with, whatever else happens; the first one stays.
  void Fail(grpc::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The worker has ended.
  void Drained() ABSL_LOCKS_EXCLUDED(mu_);
  // No message will be taken any more.
  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return read_ended_ || stopping_ || cancelled_ || !failure_.ok();
  }
  bool stopping() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopping_; }
  bool cancelled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return cancelled_; }

  StreamShared& shared_;
  Mutex mu_;

 private:
  void FinishIfDone() ABSL_LOCKS_EXCLUDED(mu_);
  bool MayFinish() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  grpc::Status FinalStatus() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::shared_ptr<ServedCall> self_;  // until OnDone
  grpc::ByteBuffer read_buffer_;      // of the one who has the read
  grpc::ByteBuffer write_buffer_;     // of the one who has the write

  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool read_ended_ ABSL_GUARDED_BY(mu_) = false;  // the client has half-closed
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool drained_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  grpc::Status failure_ ABSL_GUARDED_BY(mu_);
  int issuing_ ABSL_GUARDED_BY(mu_) = 0;  // threads that begin an operation
};

}  // namespace dcp::collector
