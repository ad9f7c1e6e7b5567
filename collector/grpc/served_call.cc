#include "collector/grpc/served_call.h"

#include <utility>

namespace dcp::collector {

void ServedCall::Start() {
  self_ = shared_from_this();
  Pump();
}

void ServedCall::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    WakeWorker();
  }
  Pump();
}

void ServedCall::CutOff() {
  {
    MutexLock lock(mu_);
    cancelled_ = true;
    WakeWorker();
  }
  Pump();
}

void ServedCall::Drained() {
  {
    MutexLock lock(mu_);
    drained_ = true;
  }
  Pump();
}

void ServedCall::Fail(grpc::Status why) {
  if (failure_.ok()) failure_ = std::move(why);
}

void ServedCall::OnReadDone(bool ok) {
  if (ok) {
    Parse(read_buffer_);
    read_buffer_.Clear();
  }
  {
    MutexLock lock(mu_);
    reading_ = false;
    if (!ok) {
      read_ended_ = true;
    } else if (!Ending()) {  // else: it gets no response, so the client knows
      Take();
    }
    WakeWorker();
  }
  Pump();
}

void ServedCall::OnWriteDone(bool ok) {
  {
    MutexLock lock(mu_);
    writing_ = false;
    Written();
    if (!ok) {
      cancelled_ = true;
      WakeWorker();
    }
  }
  Pump();
}

void ServedCall::OnCancel() { CutOff(); }

void ServedCall::OnDone() { const std::shared_ptr<ServedCall> last = std::move(self_); }

void ServedCall::Pump() {
  bool read = false, write = false;
  {
    MutexLock lock(mu_);
    if (!finished_ && !cancelled_) {
      read = !reading_ && !Ending() && MayRead();
      write = !writing_ && BeginWrite();
    }
    reading_ |= read;
    writing_ |= write;
    if (read || write) ++issuing_;
  }
  if (read) StartRead(&read_buffer_);
  if (write) WriteNext(&write_buffer_);
  if (read || write) {
    MutexLock lock(mu_);
    --issuing_;
  }
  FinishIfDone();
}

void ServedCall::FinishIfDone() {
  grpc::Status status;
  {
    MutexLock lock(mu_);
    if (!MayFinish()) return;
    finished_ = true;
    status = FinalStatus();
  }
  Finish(std::move(status));
}

// After Finish no operation may begin, so nobody may be about to begin one.
bool ServedCall::MayFinish() const {
  if (finished_ || writing_ || issuing_ > 0) return false;
  return cancelled_ || (drained_ && AllWritten());
}

grpc::Status ServedCall::FinalStatus() const {
  if (!failure_.ok()) return failure_;
  if (cancelled_) return {grpc::StatusCode::CANCELLED, "the connection was lost"};
  return read_ended_ ? grpc::Status::OK : StoppedStatus();
}

}  // namespace dcp::collector
