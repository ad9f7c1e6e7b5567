#include "cmd/dcp/push_lane.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "cmd/dcp/channel.h"

namespace dcp::cmd {
namespace {

constexpr size_t kMaxUnacknowledged = size_t{8} << 20;
constexpr size_t kBatchBytes = size_t{128} << 10;
constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr int kUnknownTag = 1;  // Response.code

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// What a reconnect may mend: the connection, the daemon that stops, the older call that is not
// over yet.
bool IsPassing(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kAborted ||
         code == absl::StatusCode::kCancelled || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kInternal || code == absl::StatusCode::kResourceExhausted;
}

}  // namespace

PushLane::PushLane(DCPService::Stub& stub, Options options,
                   std::function<void(const Refusal&)> on_refusal)
    : stub_(stub), options_(std::move(options)), on_refusal_(std::move(on_refusal)) {
  last_progress_ = Clock::Real().Monotonic();
  thread_ = std::thread([this] { Run(); });
}

PushLane::~PushLane() {
  {
    MutexLock lock(mu_);
    abandoned_ = true;
    if (context_ != nullptr) context_->TryCancel();
    changed_.NotifyAll();
  }
  thread_.join();
}

bool PushLane::Add(Message message, uint64_t line) {
  const size_t bytes = message.ByteSizeLong() + sizeof(Item);
  MutexLock lock(mu_);
  while (item_bytes_ >= kMaxUnacknowledged && !ended_) changed_.Wait(mu_);
  if (ended_) return false;
  Item item{++last_added_, line, bytes, std::move(message)};
  if (item.sequence <= acknowledged_) {  // the session was used before
    ++counts_.acknowledged;
  } else if (refuses_) {
    Refuse(item, kUnknownTag, refusal_);
  } else {
    if (items_.empty()) last_progress_ = Clock::Real().Monotonic();
    item_bytes_ += bytes;
    items_.push_back(std::move(item));
    changed_.NotifyAll();
  }
  return true;
}

absl::Status PushLane::Finish() {
  MutexLock lock(mu_);
  finishing_ = true;
  changed_.NotifyAll();
  while (!ended_) changed_.Wait(mu_);
  return failure_;
}

PushLane::Counts PushLane::counts() const {
  MutexLock lock(mu_);
  Counts counts = counts_;
  counts.unanswered = items_.size();
  return counts;
}

void PushLane::Run() {
  while (WaitForWork()) {
    absl::Status status = RunCall();
    if (MayRetry(status)) continue;
    MutexLock lock(mu_);
    failure_ = std::move(status);
    break;
  }
  MutexLock lock(mu_);
  ended_ = true;
  changed_.NotifyAll();
}

// False: nothing is left to do.
bool PushLane::WaitForWork() {
  MutexLock lock(mu_);
  while (items_.empty() && !finishing_ && !abandoned_) changed_.Wait(mu_);
  return !items_.empty() && !abandoned_;
}

absl::Status PushLane::RunCall() {
  grpc::ClientContext context;
  Authorise(options_.token, context);
  {
    MutexLock lock(mu_);
    if (abandoned_) return absl::CancelledError();
    context_ = &context;
    call_over_ = false;
  }
  const std::unique_ptr<Call> call = stub_.Push(&context);
  if (BeginCall(*call)) {
    std::thread reader([&] { ReadAll(*call); });
    SendItems(*call);
    reader.join();
  }
  {
    MutexLock lock(mu_);
    context_ = nullptr;
  }
  return FromGrpc(call->Finish());
}

// What the daemon holds is acknowledged; the rest is to be sent.
bool PushLane::BeginCall(Call& call) {
  PushRequest request;
  request.mutable_open()->set_session(options_.session);
  request.mutable_open()->set_tag(options_.tag);
  {
    MutexLock lock(mu_);
    request.mutable_open()->set_acknowledged(acknowledged_);
  }
  PushResponse response;
  if (!call.Write(request) || !call.Read(&response)) return false;
  Take(response);
  MutexLock lock(mu_);
  next_to_send_ = response.last_sequence() + 1;
  return true;
}

void PushLane::SendItems(Call& call) {
  PushRequest request;
  while (NextBatch(request)) {
    if (!call.Write(request)) return;
  }
  call.WritesDone();
}

// Waits; false: all was sent and no more will come, or the call is over.
bool PushLane::NextBatch(PushRequest& request) {
  request.Clear();
  MutexLock lock(mu_);
  while (next_to_send_ > last_added_ && !finishing_ && !call_over_) changed_.Wait(mu_);
  if (next_to_send_ > last_added_ || call_over_ || items_.empty()) return false;
  const uint64_t front = items_.front().sequence;
  next_to_send_ = std::max(next_to_send_, front);
  PushBatch& batch = *request.mutable_batch();
  batch.set_first_sequence(next_to_send_);
  size_t bytes = 0;
  for (size_t i = next_to_send_ - front; i < items_.size() && bytes < kBatchBytes; ++i) {
    *batch.add_messages() = items_[i].message;
    bytes += items_[i].bytes;
    ++next_to_send_;
  }
  return true;
}

void PushLane::ReadAll(Call& call) {
  PushResponse response;
  while (call.Read(&response)) Take(response);
  MutexLock lock(mu_);
  call_over_ = true;
  changed_.NotifyAll();
}

void PushLane::Take(const PushResponse& response) {
  MutexLock lock(mu_);
  last_progress_ = Clock::Real().Monotonic();
  for (const PushRefusal& refusal : response.refused()) {
    const uint64_t front = items_.empty() ? 0 : items_.front().sequence;
    if (items_.empty() || refusal.sequence() < front ||
        refusal.sequence() - front >= items_.size()) {
      continue;
    }
    Refuse(items_[refusal.sequence() - front], refusal.code(), refusal.msg());
    --counts_.acknowledged;  // is counted below
  }
  acknowledged_ = std::max(acknowledged_, response.last_sequence());
  while (!items_.empty() && items_.front().sequence <= acknowledged_) {
    ++counts_.acknowledged;
    item_bytes_ -= items_.front().bytes;
    items_.pop_front();
  }
  changed_.NotifyAll();
}

void PushLane::Refuse(const Item& item, int code, const std::string& msg) {
  ++counts_.refused;
  on_refusal_({item.line, item.message.id(), code, msg});
}

void PushLane::RefuseAll(const std::string& msg) {
  refuses_ = true;
  refusal_ = msg;
  for (const Item& item : items_) Refuse(item, kUnknownTag, msg);
  items_.clear();
  item_bytes_ = 0;
  changed_.NotifyAll();
}

bool PushLane::MayRetry(const absl::Status& status) {
  MutexLock lock(mu_);
  if (absl::IsNotFound(status)) {
    RefuseAll(std::string(status.message()));
    return true;
  }
  if (items_.empty() || status.ok()) return true;
  if (abandoned_ || !IsPassing(status.code())) return false;
  if (Clock::Real().Monotonic() - last_progress_ >= options_.patience) return false;
  changed_.WaitFor(mu_, kPause);
  return true;
}

}  // namespace dcp::cmd
