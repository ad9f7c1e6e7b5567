#include "collector/grpc/push_stream.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"
#include "collector/grpc/batch_builder.h"
#include "collector/grpc/stream_intake.h"
#include "collector/grpc/wire.h"

namespace dcp::collector {
namespace {

// Refusals that the client does not read.
constexpr int kMaxRefusals = 4096;

using Taken = PushSession::Taken;

absl::Status Stopping() {
  return absl::UnavailableError("dcp is stopping; open the session again after a reconnect");
}

}  // namespace

PushStream::PushStream(StreamShared& shared, uint64_t id, Caller caller)
    : ServedCall(shared), id_(id), peer_(std::move(caller.peer)), grant_(std::move(caller.grant)) {}

bool PushStream::Cancelled() {
  MutexLock lock(mu_);
  return cancelled();
}

void PushStream::Parse(grpc::ByteBuffer& message) {
  read_ = Request();
  read_->bytes = message.Length();
  if (!ParseBuffer(message, read_->request)) read_.reset();
}

void PushStream::Take() {
  if (!read_) {
    Fail({grpc::StatusCode::INVALID_ARGUMENT,
          "a request is not a dcp.PushRequest: its bytes are damaged, or one of its strings is "
          "not UTF-8"});
    return;
  }
  request_bytes_ += read_->bytes;
  requests_.push_back(*std::exchange(read_, std::nullopt));
}

bool PushStream::MayRead() const {
  return request_bytes_ < static_cast<size_t>(shared_.options.queue_bytes) &&
         (!response_ || response_->refused_size() < kMaxRefusals);
}

bool PushStream::BeginWrite() {
  if (!response_) return false;
  written_ = *std::exchange(response_, std::nullopt);
  return true;
}

void PushStream::WriteNext(grpc::ByteBuffer* buffer) {
  *buffer = ToBuffer(written_);
  StartWrite(buffer);
}

grpc::Status PushStream::StoppedStatus() const { return ToGrpc(Stopping()); }

void PushStream::RunWorker() {
  while (true) {
    std::deque<Request> requests = TakeRequests();
    if (requests.empty()) break;
    Pump();  // there is room again
    const absl::Status status = Handle(std::move(requests));
    if (status.ok()) continue;
    MutexLock lock(mu_);
    Fail(ToGrpc(status));
    break;
  }
  if (is_open_) shared_.tags.Release(session_.tag(), id_);
  Drained();
}

std::deque<PushStream::Request> PushStream::TakeRequests() {
  MutexLock lock(mu_);
  while (requests_.empty() && !Ending()) worker_wake_.Wait(mu_);
  request_bytes_ = 0;
  return std::exchange(requests_, {});
}

absl::Status PushStream::Handle(std::deque<Request> requests) {
  if (!is_open_) {
    DCP_RETURN_IF_ERROR(Open(requests.front().request));
    requests.pop_front();
  }
  return requests.empty() ? absl::OkStatus() : Feed(requests);
}

absl::Status PushStream::Open(const PushRequest& request) {
  DCP_RETURN_IF_ERROR(session_.Open(request, shared_.tags));
  if (!grant_.Covers(session_.tag().value())) {
    return absl::PermissionDeniedError(NotAuthorised(grant_, session_.tag().value()).msg);
  }
  if (shared_.durable()) {
    const absl::Status taken = shared_.durable_tag(session_.tag()).taken();
    if (!taken.ok()) return taken;
  }
  DCP_RETURN_IF_ERROR(Claim());
  is_open_ = true;
  session_.GoOnFrom(Held());
  Acknowledge({});
  return absl::OkStatus();
}

absl::Status PushStream::Claim() {
  // An older call of a session makes room for a newer one.
  const auto end = [weak = weak_from_this()] {
    if (const auto call = std::static_pointer_cast<PushStream>(weak.lock())) call->CutOff();
  };
  const model::Tag& tag = session_.tag();
  if (shared_.tags.Claim(tag, id_, session_.session(), end)) return absl::OkStatus();
  if (shared_.tags.EndFormer(tag, session_.session())) {
    return absl::UnavailableError("an older call of this session is being ended: try again");
  }
  return absl::AbortedError(absl::StrCat("another stream feeds tag \"", tag.value(),
                                         "\"; try again when that one has ended"));
}

SessionState PushStream::Held() const {
  const model::Tag& tag = session_.tag();
  return shared_.durable() ? shared_.durable_tag(tag).log().session(session_.session())
                           : shared_.tags.session(tag, session_.session());
}

absl::Status PushStream::Feed(const std::deque<Request>& requests) {
  return shared_.durable() ? StoreAll(requests) : AppendAll(requests);
}

absl::Status PushStream::StoreAll(const std::deque<Request>& requests) {
  std::vector<const PushRequest*> batches;
  int64_t bytes = 0;
  for (const Request& request : requests) {
    batches.push_back(&request.request);
    bytes += static_cast<int64_t>(request.bytes);
  }
  const model::Tag& tag = session_.tag();
  const auto store = [&](const IntakeBatch& batch) {
    const bool stored = shared_.Store(tag, batch, [this] { return Cancelled(); });
    if (stored) FaultPoint("push.stored");
    return stored;
  };
  PushSession::Stored stored = session_.Store(batches, shared_.durable_tag(tag).log(),
                                              {peer_, shared_.options.max_message_bytes, store});
  shared_.messages.fetch_add(static_cast<int64_t>(stored.messages), std::memory_order_relaxed);
  shared_.bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (!stored.done) return Stopping();
  Acknowledge(std::move(stored.response));
  return stored.fault;
}

// As of Process: acknowledged when they lie in order before the checker, which may be busy.
absl::Status PushStream::AppendAll(const std::deque<Request>& requests) {
  PushResponse response;
  const model::Tag& tag = session_.tag();
  absl::Status fault;
  for (const Request& request : requests) {
    if (fault = session_.Begin(request.request); !fault.ok()) break;
    const PushBatch& batch = request.request.batch();
    BatchBuilder builder(shared_.options.capture_rows);
    for (int i = 0; i < batch.messages_size(); ++i) {
      shared_.messages.fetch_add(1, std::memory_order_relaxed);
      if (session_.Take(batch, i, shared_.options.max_message_bytes, response) != Taken::kNew) {
        continue;
      }
      AddMessage(batch.messages(i), nullptr, builder);
    }
    shared_.bytes.fetch_add(static_cast<int64_t>(request.bytes), std::memory_order_relaxed);
    if (!builder.empty() && !has_begun_) DCP_RETURN_IF_ERROR(OpenSink());
    if (!has_begun_) continue;
    shared_.tags.NoteSession(tag, session_.session(), session_.last());
    Acknowledge(std::exchange(response, {}));
    if (builder.empty()) continue;
    const model::ChangeBatchPtr changes = builder.Take();
    const absl::Status status = shared_.sink.Append(tag, changes);
    if (status.ok()) continue;
    shared_.lost.fetch_add(static_cast<int64_t>(changes->txns.size()), std::memory_order_relaxed);
    return absl::IsCancelled(status) ? Stopping() : status;
  }
  Acknowledge(std::move(response));
  return fault;
}

absl::Status PushStream::OpenSink() {
  const model::Tag& tag = session_.tag();
  if (session_.has_gap()) {
    const absl::Status status = shared_.OpenTag(tag, peer_, nullptr);
    if (absl::IsCancelled(status)) return Stopping();
    DCP_RETURN_IF_ERROR(status);
  }
  has_begun_ = true;
  return absl::OkStatus();
}

void PushStream::Acknowledge(PushResponse response) {
  shared_.refused.fetch_add(response.refused_size(), std::memory_order_relaxed);
  {
    MutexLock lock(mu_);
    if (!response_) response_.emplace();
    response_->set_last_sequence(session_.last());
    response_->mutable_refused()->MergeFrom(response.refused());
  }
  Pump();
}

}  // namespace dcp::collector
