#include "collector/grpc/grpc_collector.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "collector/grpc/durable_tag.h"
#include "collector/grpc/grpc_listener.h"
#include "collector/grpc/process_stream.h"
#include "collector/grpc/push_stream.h"
#include "collector/grpc/stream_shared.h"
#include "collector/grpc/tag_registry.h"
#include "collector/grpc/wire.h"
#include "collector/grpc/worker_pool.h"
#include "proto/dcp.grpc.pb.h"

namespace dcp::collector {
namespace {

constexpr int64_t kMaxMessageBytes = int64_t{256} << 20;  // batches count in 32 bits
constexpr int64_t kMaxQueueBytes = int64_t{1} << 30;

// What is stored at once fits into one of the eight or more files of a log, or it could be
// full of what cannot be deleted.
int64_t MinIntakeBytes(const GrpcCollectorOptions& options) {
  return 8 * (options.queue_bytes + 2 * options.max_message_bytes + (64 << 10));
}

absl::Status Validate(const GrpcCollectorOptions& options) {
  const auto invalid = [](auto... parts) {
    return absl::InvalidArgumentError(absl::StrCat("gRPC collector: ", parts...));
  };
  if (options.listen.empty()) return invalid("no address to listen on");
  if (options.tags.empty()) return invalid("no tags: nothing could be pushed");
  for (const model::Tag& tag : options.tags) {
    if (tag.value().empty()) return invalid("a tag is empty");
  }
  if (options.max_message_bytes < 1 || options.max_message_bytes > kMaxMessageBytes) {
    return invalid("max_message_bytes is ", options.max_message_bytes, ", not 1 to ",
                   kMaxMessageBytes);
  }
  if (options.queue_bytes < 1 || options.queue_bytes > kMaxQueueBytes) {
    return invalid("queue_bytes is ", options.queue_bytes, ", not 1 to ", kMaxQueueBytes);
  }
  if (options.durable && options.intake_directory.empty()) {
    return invalid("no directory for durable messages");
  }
  if (const int64_t least = MinIntakeBytes(options);
      options.durable && options.intake_max_bytes < least) {
    return invalid("intake_max_bytes is ", options.intake_max_bytes, ", not at least ", least);
  }
  if (options.max_streams < 1) return invalid("max_streams is ", options.max_streams);
  return absl::OkStatus();
}

// A call that ends before it begins.
class RefusedStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedStream(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

// StreamSet: the streams that live: whose call or whose worker has not ended.
// Thread-safe.
class StreamSet {
 public:
  explicit StreamSet(int max_streams) : max_streams_(static_cast<size_t>(max_streams)) {}

  // An id for a new stream; or why there may be none.
  grpc::Status Admit(uint64_t& id) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    if (stopping_) return {grpc::StatusCode::UNAVAILABLE, "dcp is stopping"};
    if (streams_.size() >= max_streams_) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED,
              absl::StrCat("this server takes ", max_streams_, " streams at a time (max_streams)")};
    }
    id = ++last_id_;
    streams_[id];
    return grpc::Status::OK;
  }

  // Remembers the stream of an admitted id; stops it if all are being stopped.
  void Add(uint64_t id, const std::shared_ptr<ServedStream>& stream) ABSL_LOCKS_EXCLUDED(mu_) {
    bool stop = false;
    {
      MutexLock lock(mu_);
      streams_[id] = stream;
      stop = stopping_;
    }
    if (stop) stream->Stop();
  }

  void Remove(uint64_t id) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    streams_.erase(id);
    changed_.NotifyAll();
  }

  void StopAll() ABSL_LOCKS_EXCLUDED(mu_) {
    for (const auto& stream : Begin()) stream->Stop();
  }

  // Waits for the last one to end; false if it has not by `deadline` (monotonic).
  bool WaitEmpty(absl::Duration deadline) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    while (!streams_.empty()) {
      const absl::Duration left = deadline - Clock::Real().Monotonic();
      if (left <= absl::ZeroDuration()) return false;
      changed_.WaitFor(mu_, left);
    }
    return true;
  }

  size_t size() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(mu_);
    return streams_.size();
  }

 private:
  std::vector<std::shared_ptr<ServedStream>> Begin() ABSL_LOCKS_EXCLUDED(mu_) {
    std::vector<std::shared_ptr<ServedStream>> streams;
    MutexLock lock(mu_);
    stopping_ = true;
    for (const auto& [id, weak] : streams_) {
      if (auto stream = weak.lock()) streams.push_back(std::move(stream));
    }
    return streams;
  }

  const size_t max_streams_;

  mutable Mutex mu_;
  CondVar changed_;
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::map<uint64_t, std::weak_ptr<ServedStream>> streams_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

class GrpcCollector::Impl final : public DCPService::WithRawCallbackMethod_Process<
                                      DCPService::WithRawCallbackMethod_Push<DCPService::Service>> {
 public:
  Impl(GrpcCollectorOptions options, model::ChangeSink& sink)
      : shared_(std::move(options), sink),
        streams_(shared_.options.max_streams),
        pool_(static_cast<size_t>(shared_.options.max_streams)) {}

  absl::Status Start();
  absl::Status Stop(absl::Duration limit) ABSL_LOCKS_EXCLUDED(stop_mu_);
  int port() const {
    const GrpcListener* const listener = listening_;
    return listener == nullptr ? 0 : listener->port();
  }
  GrpcCollectorCounters counters() const;
  absl::Status ForgetBefore(const model::Tag& tag, absl::string_view place);

 private:
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Process(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Push(
      grpc::CallbackServerContext* context) override;
  template <typename Stream>
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Serve(
      grpc::CallbackServerContext* context);
  template <typename Stream>
  std::shared_ptr<Stream> MakeStream(uint64_t id, Caller caller);
  absl::Status OpenLogs();
  absl::Status Listen();
  absl::StatusOr<model::Grant> Admit(const grpc::CallbackServerContext& context) const;
  bool StopFeeding(absl::Duration deadline);
  absl::Status HeldUp() const;

  StreamShared shared_;
  StreamSet streams_;
  WorkerPool pool_;
  Mutex stop_mu_;                                 // one Stop() at a time
  bool ended_ ABSL_GUARDED_BY(stop_mu_) = false;  // what listens, and every stream
  // shared_.durable_tags are all there, and will not change: before, only Start() may touch them.
  std::atomic<bool> logs_are_open_ = false;
  std::atomic<const GrpcListener*> listening_{nullptr};  // listener_, once there is one
  std::unique_ptr<GrpcListener> listener_;
};

absl::Status GrpcCollector::Impl::Start() {
  DCP_RETURN_IF_ERROR(OpenLogs());
  for (auto& [tag, durable] : shared_.durable_tags) durable->Start();
  logs_are_open_ = true;
  return Listen();
}

absl::Status GrpcCollector::Impl::OpenLogs() {
  const GrpcCollectorOptions& options = shared_.options;
  if (!options.durable) return absl::OkStatus();
  for (const model::Tag& tag : options.tags) {
    DurableTag::Options durable;
    durable.log.directory =
        absl::StrCat(options.intake_directory, "/", DurableTag::DirectoryName(tag));
    durable.log.max_bytes = static_cast<uint64_t>(options.intake_max_bytes);
    durable.log.log = options.log;
    durable.log.io = options.io;
    durable.log.before_deleting = options.before_deleting;
    durable.capture = options.capture_rows;
    const auto start = options.start_places.find(tag);
    if (start != options.start_places.end()) durable.start_place = start->second;
    DCP_ASSIGN_OR_RETURN(auto opened, DurableTag::Open(tag, std::move(durable), shared_.sink));
    shared_.durable_tags.try_emplace(tag, std::move(opened));
  }
  return absl::OkStatus();
}

absl::Status GrpcCollector::Impl::Listen() {
  const GrpcCollectorOptions& options = shared_.options;
  GrpcListenerOptions listener;
  listener.listen = options.listen;
  listener.listeners = std::move(shared_.options.listeners);  // it lets go of them when it stops
  listener.credentials = options.credentials;
  listener.section = "the gRPC collector";
  listener.services = {this};
  absl::c_copy(options.services, std::back_inserter(listener.services));
  listener.max_message_bytes = 2 * options.max_message_bytes + (64 << 10);
  listener.keepalive_time = options.keepalive_time;
  listener.keepalive_timeout = options.keepalive_timeout;
  listener.min_client_ping = options.min_client_ping;
  listener.handshake = options.handshake;
  listener.max_idle = options.max_idle;
  listener.log = options.log;
  DCP_ASSIGN_OR_RETURN(listener_, GrpcListener::Start(std::move(listener)));
  listening_ = listener_.get();
  return absl::OkStatus();
}

absl::Status GrpcCollector::Impl::Stop(absl::Duration limit) {
  MutexLock lock(stop_mu_);
  const absl::Duration deadline = Clock::Real().Monotonic() + limit;
  shared_.stopping = true;
  if (listener_ == nullptr || ended_) return StopFeeding(deadline) ? absl::OkStatus() : HeldUp();
  listener_->SayGoodbye();
  streams_.StopAll();
  absl::Duration left = absl::ZeroDuration();
  if (streams_.WaitEmpty(deadline)) {
    left = std::clamp(deadline - Clock::Real().Monotonic(), left, GrpcListener::kFarewell);
  }
  listener_->CutOff(left);
  // Calls that were cut off just now have a moment to end.
  if (!streams_.WaitEmpty(Clock::Real().Monotonic() + absl::Milliseconds(100))) {
    return absl::DeadlineExceededError(
        absl::StrCat("gRPC collector on ", shared_.options.listen, ": the checker still holds up ",
                     streams_.size(), " stopped stream(s) with accepted messages"));
  }
  listener_->Wait();
  pool_.Join();
  ended_ = true;
  return StopFeeding(deadline) ? absl::OkStatus() : HeldUp();
}

absl::Status GrpcCollector::Impl::HeldUp() const {
  return absl::DeadlineExceededError(absl::StrCat("gRPC collector on ", shared_.options.listen,
                                                  ": the checker still holds up stored messages"));
}

bool GrpcCollector::Impl::StopFeeding(absl::Duration deadline) {
  bool stopped = true;
  for (auto& [tag, durable] : shared_.durable_tags) stopped &= durable->Stop(deadline);
  return stopped;
}

absl::Status GrpcCollector::Impl::ForgetBefore(const model::Tag& tag, absl::string_view place) {
  if (!logs_are_open_) return absl::OkStatus();  // the next place, which is later, is told too
  const auto it = shared_.durable_tags.find(tag);
  if (it != shared_.durable_tags.end()) return it->second->ForgetBefore(place);
  return absl::NotFoundError(absl::StrCat("no durable tag \"", tag.value(), "\""));
}

GrpcCollectorCounters GrpcCollector::Impl::counters() const {
  const GrpcListener* const listener = listening_;
  uint64_t stored = 0;
  if (logs_are_open_) {
    for (const auto& [tag, durable] : shared_.durable_tags) stored += durable->log().bytes();
  }
  return {.messages = shared_.messages,
          .bytes = shared_.bytes,
          .refused = shared_.refused,
          .lost = shared_.lost,
          .storage_errors = shared_.storage_errors,
          .stored_bytes = static_cast<int64_t>(stored),
          .accept_failures = listener == nullptr ? 0 : listener->accept_failures(),
          .streams_open = static_cast<int64_t>(streams_.size()),
          .streams_started = shared_.streams_started,
          .streams_refused = shared_.streams_refused};
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* GrpcCollector::Impl::Process(
    grpc::CallbackServerContext* context) {
  return Serve<ProcessStream>(context);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* GrpcCollector::Impl::Push(
    grpc::CallbackServerContext* context) {
  return Serve<PushStream>(context);
}

absl::StatusOr<model::Grant> GrpcCollector::Impl::Admit(
    const grpc::CallbackServerContext& context) const {
  const auto it = context.client_metadata().find("authorization");
  absl::string_view authorization;
  if (it != context.client_metadata().end()) {
    authorization = absl::string_view(it->second.data(), it->second.size());
  }
  return shared_.options.access.Admit(authorization, model::Role::kPush);
}

template <typename Stream>
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* GrpcCollector::Impl::Serve(
    grpc::CallbackServerContext* context) {
  uint64_t id = 0;
  absl::StatusOr<model::Grant> grant = Admit(*context);
  if (grpc::Status status = grant.ok() ? streams_.Admit(id) : ToGrpc(grant.status());
      !status.ok()) {
    shared_.streams_refused.fetch_add(1, std::memory_order_relaxed);
    return new RefusedStream(std::move(status));  // deletes itself
  }
  shared_.streams_started.fetch_add(1, std::memory_order_relaxed);
  const std::shared_ptr<Stream> stream =
      MakeStream<Stream>(id, {context->peer(), *std::move(grant)});
  stream->Start();
  pool_.Run([stream] { stream->RunWorker(); });
  streams_.Add(id, stream);
  return stream.get();
}

// The stream's place is free again when its call and its worker have ended.
template <typename Stream>
std::shared_ptr<Stream> GrpcCollector::Impl::MakeStream(uint64_t id, Caller caller) {
  return {new Stream(shared_, id, std::move(caller)), [this, id](Stream* stream) {
            delete stream;
            streams_.Remove(id);
          }};
}

absl::StatusOr<std::unique_ptr<GrpcCollector>> GrpcCollector::Create(GrpcCollectorOptions options,
                                                                     model::ChangeSink& sink) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  return std::unique_ptr<GrpcCollector>(
      new GrpcCollector(std::make_unique<Impl>(std::move(options), sink)));
}

GrpcCollector::GrpcCollector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

GrpcCollector::~GrpcCollector() {
  while (!impl_->Stop(absl::Seconds(5)).ok()) {
  }
}

absl::Status GrpcCollector::Start() { return impl_->Start(); }
absl::Status GrpcCollector::Stop(absl::Duration limit) { return impl_->Stop(limit); }
absl::Status GrpcCollector::ForgetBefore(const model::Tag& tag, absl::string_view place) {
  return impl_->ForgetBefore(tag, place);
}
int GrpcCollector::port() const { return impl_->port(); }
GrpcCollectorCounters GrpcCollector::counters() const { return impl_->counters(); }

}  // namespace dcp::collector
