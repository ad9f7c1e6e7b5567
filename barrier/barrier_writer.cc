#include "barrier/barrier_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::barrier {

BarrierWriter::BarrierWriter(const PulseOptions& options, SqlOpener opener, const Clock* clock,
                             std::function<void(absl::string_view)> log)
    : opener_(std::move(opener)),
      clock_(clock),
      log_(std::move(log)),
      pulse_(options),
      since_(clock->Monotonic()) {}

BarrierWriter::~BarrierWriter() { Stop(); }

void BarrierWriter::Start() {
  {
    MutexLock lock(mu_);
    since_ = clock_->Monotonic();
  }
  thread_ = std::thread([this] { Run(); });
}

void BarrierWriter::Stop() {
  {
    stopper_.Stop();
    MutexLock lock(mu_);
    if (sql_ != nullptr) sql_->Cancel();
  }
  if (thread_.joinable()) thread_.join();
}

BarrierStatus BarrierWriter::status() const {
  MutexLock lock(mu_);
  BarrierStatus status = status_;
  status.age = clock_->Monotonic() - since_;
  return status;
}

void BarrierWriter::Run() {
  while (!stopper_.stopped()) {
    if (sql_ == nullptr) {
      const absl::Status opened = OpenSession();
      if (!opened.ok()) {
        DropSession(opened);
        stopper_.PauseUntil(pulse_.RetryAt(clock_->Monotonic()), *clock_);
        continue;
      }
    }
    const BarrierPulse::Step step = pulse_.Run(sql_.get(), clock_->Monotonic());
    if (step.wrote) NoteBarrier();
    if (!step.status.ok()) DropSession(step.status);
    stopper_.PauseUntil(step.wake_at, *clock_);
  }
  DropSession(absl::OkStatus());
}

absl::Status BarrierWriter::OpenSession() {
  DCP_ASSIGN_OR_RETURN(std::unique_ptr<SqlExecutor> sql, opener_());
  {
    MutexLock lock(mu_);
    if (stopper_.stopped()) return absl::CancelledError("stopped");
    sql_ = std::move(sql);  // from here on Stop() ends its statements
  }
  DCP_RETURN_IF_ERROR(pulse_.Prepare(sql_.get()));
  MutexLock lock(mu_);
  status_.connected = true;
  return absl::OkStatus();
}

void BarrierWriter::DropSession(const absl::Status& why) {
  std::unique_ptr<SqlExecutor> dropped;
  {
    MutexLock lock(mu_);
    dropped = std::move(sql_);
    status_.connected = false;
    if (stopper_.stopped() || why.ok()) return;
    status_.last_error = why.ToString();
  }
  const std::string message(why.message());
  if (log_ && message != logged_error_) log_(message);
  logged_error_ = message;
}

void BarrierWriter::NoteBarrier() {
  logged_error_.clear();
  MutexLock lock(mu_);
  since_ = clock_->Monotonic();
  status_.last_success = clock_->Now();
  status_.last_offset = pulse_.last_offset();
  ++status_.written;
  status_.last_error.clear();
}

}  // namespace dcp::barrier
