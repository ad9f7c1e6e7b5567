#include "collector/grpc/process_stream.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/fault_point.h"
#include "collector/grpc/wire.h"

namespace dcp::collector {
namespace {

// Unsent responses are small, so their memory is far above their bytes on the
// wire; this many of them are in no client's interest.
constexpr size_t kMaxResponses = 16384;

// What a response repeats of an id: enough to know it, and never so much that the
// client's own message limit is in the way.
constexpr size_t kMaxEchoedId = size_t{64} << 10;

grpc::ByteBuffer Serialize(absl::string_view id, const Reply& reply) {
  Response response;
  response.set_id(id.data(), id.size());
  response.set_code(static_cast<int32_t>(reply.code));
  response.set_msg(reply.msg);
  return ToBuffer(response);
}

std::string EchoedId(const std::string& id) { return id.size() <= kMaxEchoedId ? id : ""; }

}  // namespace

ProcessStream::ProcessStream(StreamShared& shared, uint64_t id, Caller caller)
    : ServedCall(shared),
      peer_(std::move(caller.peer)),
      intake_(shared.tags, id, shared.options.capture_rows, shared.durable(),
              std::move(caller.grant)) {}

void ProcessStream::Parse(grpc::ByteBuffer& message) {
  ++message_number_;
  const size_t size = message.Length();
  shared_.messages.fetch_add(1, std::memory_order_relaxed);
  shared_.bytes.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
  const bool parsed = ParseBuffer(message, message_);
  if (!parsed) message_.Clear();
  fault_.reset();
  if (static_cast<int64_t>(size) > shared_.options.max_message_bytes) {
    fault_ = Reply{ResponseCode::kTooLarge,
                   absl::StrCat("the message has ", size, " bytes; this server accepts ",
                                shared_.options.max_message_bytes)};
  } else if (!parsed) {
    fault_ = Reply{ResponseCode::kMalformed,
                   absl::StrCat("message ", message_number_,
                                " of this stream is not a dcp.Message: its bytes are damaged, or "
                                "one of its strings is not UTF-8")};
  }
}

void ProcessStream::Take() {
  std::optional<Reply> reply = fault_ ? std::move(fault_) : intake_.Offer(message_);
  held_ = !reply.has_value();
  if (reply) Answer(*std::move(reply));
}

bool ProcessStream::MayRead() const {
  const auto budget = static_cast<size_t>(shared_.options.queue_bytes);
  return !held_ && intake_.pending_bytes() < budget && response_bytes_ < budget &&
         responses_.size() < kMaxResponses;
}

bool ProcessStream::BeginWrite() {
  if (written_ >= confirmed_) return false;
  writes_ = &responses_.front();
  // Not for the call's first response: gRPC sends the initial metadata with it, and does not
  // end a hinted write before these are sent, which nothing makes it do.
  more_writes_ = written_ > 0 && written_ + 1 < confirmed_;
  return true;
}

void ProcessStream::WriteNext(grpc::ByteBuffer* buffer) {
  *buffer = Serialize(writes_->id, writes_->reply);
  grpc::WriteOptions options;
  // The next one follows at once and takes this one along.
  if (more_writes_) options.set_buffer_hint();
  StartWrite(buffer, options);
}

void ProcessStream::Written() {
  ++written_;
  response_bytes_ -= responses_.front().bytes();
  responses_.pop_front();
}

grpc::Status ProcessStream::StoppedStatus() const {
  return {grpc::StatusCode::UNAVAILABLE,
          "dcp is stopping; reconnect and send again what got no response"};
}

void ProcessStream::Answer(Reply reply) {
  if (reply.code != ResponseCode::kAccepted) {
    shared_.refused.fetch_add(1, std::memory_order_relaxed);
  }
  const bool waits =
      shared_.durable() && (reply.code == ResponseCode::kAccepted || confirmed_ < answered_);
  ++answered_;
  if (!waits) confirmed_ = answered_;
  responses_.push_back({EchoedId(message_.id()), std::move(reply)});
  response_bytes_ += responses_.back().bytes();
}

bool ProcessStream::Urgent() const {
  return shared_.durable() || held_ || Ending() || intake_.has_barrier() ||
         intake_.pending_bytes() >= static_cast<size_t>(shared_.options.queue_bytes) / 2;
}

void ProcessStream::WakeWorker() {
  const bool wanted = worker_lingers_ ? Urgent() : worker_idle_ && (HasWork() || Ending());
  if (!wanted) return;
  worker_idle_ = worker_lingers_ = false;
  worker_wake_.NotifyOne();
}

void ProcessStream::RunWorker() {
  while (WaitForWork()) {
    OpenHeld();
    shared_.durable() ? StorePending() : AppendPending();
    Pump();
  }
  {
    MutexLock lock(mu_);
    intake_.ReleaseTags();
    DropUnconfirmed();
  }
  Drained();
}

bool ProcessStream::WaitForWork() {
  MutexLock lock(mu_);
  while (!HasWork()) {
    // An outstanding read may still bring a message, unless the call has ended.
    if (Ending()) return false;
    worker_idle_ = true;
    worker_wake_.Wait(mu_);
  }
  worker_idle_ = false;
  if (!Urgent()) {
    worker_lingers_ = true;
    worker_wake_.WaitFor(mu_, shared_.options.linger);
    worker_lingers_ = false;
  }
  return true;
}

void ProcessStream::OpenHeld() {
  const model::Tag* tag = nullptr;
  bool opens = false;
  {
    MutexLock lock(mu_);
    if (!held_) return;
    tag = intake_.to_open();
    opens = !stopping();
  }
  absl::Status status = absl::CancelledError();
  std::string lost;
  if (opens) status = shared_.OpenTag(*tag, peer_, &lost);
  MutexLock lock(mu_);
  intake_.Opened(status, lost);
  if (std::optional<Reply> reply = intake_.Offer(message_)) Answer(*std::move(reply));
  held_ = false;
}

void ProcessStream::AppendPending() {
  std::vector<StreamIntake::TagBatch> batches;
  {
    MutexLock lock(mu_);
    batches = intake_.TakeBatches();
  }
  Pump();  // there is room again
  for (StreamIntake::TagBatch& pending : batches) HandOver(pending);
}

void ProcessStream::HandOver(StreamIntake::TagBatch& pending) {
  const size_t messages = pending.batch->txns.size();
  const absl::Status status = shared_.sink.Append(*pending.tag, std::move(pending.batch));
  if (status.ok()) return;
  shared_.lost.fetch_add(static_cast<int64_t>(messages), std::memory_order_relaxed);
  MutexLock lock(mu_);
  intake_.Failed(*pending.tag, status);
}

void ProcessStream::StorePending() {
  std::vector<StreamIntake::TagBatch> batches;
  uint64_t covered = 0;
  {
    MutexLock lock(mu_);
    batches = intake_.TakeBatches();
    covered = answered_;
  }
  Pump();  // there is room again
  bool stored = !GivesUp();
  for (const StreamIntake::TagBatch& pending : batches) {
    stored = stored && shared_.Store(*pending.tag, pending.messages, [this] { return GivesUp(); });
  }
  MutexLock lock(mu_);
  gave_up_ |= !stored;
  if (!stored) return;
  FaultPoint("process.stored");
  // Refusals alone wait for nothing.
  confirmed_ = intake_.pending_bytes() == 0 ? answered_ : covered;
}

// What is not stored yet gets no response, so the client knows. A stream that is stopped
// stores what it has, if the disk takes it at once.
bool ProcessStream::GivesUp() {
  MutexLock lock(mu_);
  return gave_up_ || cancelled();
}

void ProcessStream::DropUnconfirmed() {
  for (; answered_ > confirmed_; --answered_) {
    response_bytes_ -= responses_.back().bytes();
    responses_.pop_back();
  }
}

}  // namespace dcp::collector
