#include "server/watcher.h"

#include <utility>

namespace dcp::server {

void Watcher::Give(std::deque<control::WatchResponse> responses) {
  {
    MutexLock lock(mu_);
    queue_ = std::move(responses);
  }
  Pump();
}

void Watcher::Fail(grpc::Status why) {
  {
    MutexLock lock(mu_);
    if (!failure_) failure_ = std::move(why);
    queue_.clear();
  }
  Pump();
}

void Watcher::CheckPace(absl::Duration patience) {
  bool cut = false;
  {
    MutexLock lock(mu_);
    if (!writing_) return;
    const absl::Duration time = clock_.Monotonic() - writing_since_;
    if (time < patience) return;
    if (!failure_) {
      failure_ =
          grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "you read too slowly and were cut off: go on behind your last cursor");
      queue_.clear();
    }
    cut = time >= 2 * patience;
  }
  if (cut) call_->TryCancel();
}

void Watcher::Pump() {
  const std::shared_ptr<Watcher> alive = shared_from_this();
  std::optional<grpc::Status> finish;
  {
    MutexLock lock(mu_);
    if (finished_ || writing_) return;
    if (failure_) {
      finished_ = true;
      finish = *failure_;
    } else if (!queue_.empty()) {
      written_ = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      writing_since_ = clock_.Monotonic();
    } else {
      return;
    }
  }
  if (finish) return Finish(*std::move(finish));
  StartWrite(&written_);
}

void Watcher::OnWriteDone(bool ok) {
  const std::shared_ptr<Watcher> alive = shared_from_this();
  bool taken = false;
  {
    MutexLock lock(mu_);
    writing_ = false;
    if (!ok && !failure_) failure_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost");
    taken = queue_.empty() && !failure_;
  }
  Pump();
  if (taken) hub_.Taken(id_);
}

void Watcher::OnDone() {
  const std::shared_ptr<Watcher> alive = std::move(self_);
  hub_.Gone(id_);
}

}  // namespace dcp::server
