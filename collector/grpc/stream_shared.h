// What all streams of one server share.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collector/grpc/durable_tag.h"
#include "collector/grpc/grpc_collector.h"
#include "collector/grpc/intake_block.h"
#include "collector/grpc/tag_registry.h"
#include "model/access.h"
#include "model/ports/change_sink.h"

namespace dcp::collector {

// Who called.
struct Caller {
  std::string peer;
  model::Grant grant;
};

// A call that is served by a worker.
class ServedStream {
 public:
  virtual ~ServedStream() = default;

  // The worker: returns when everything accepted has been handed over and no more will
  // come. Runs once.
  virtual void RunWorker() = 0;
  // Ends the call in order, with UNAVAILABLE. Returns at once; idempotent.
  virtual void Stop() = 0;
};

struct StreamShared {
  StreamShared(GrpcCollectorOptions collector_options, model::ChangeSink& change_sink)
      : options(std::move(collector_options)), tags(options.tags), sink(change_sink) {}

  bool durable() const { return options.durable; }
  DurableTag& durable_tag(const model::Tag& tag) const { return *durable_tags.at(tag); }

  // A stream without a session, from `peer`, begins to feed `tag`, which it has claimed.
  // `why_lost`: why continuity is lost, where the log is to say so.
  //   kNotFound, kCancelled  as the sink says
  absl::Status OpenTag(const model::Tag& tag, absl::string_view peer, std::string* why_lost);

  // Stores `batch` in the log of a durable tag. Tries on while the disk refuses; false, and
  // nothing is stored, when `gives_up` says so meanwhile, or the server stops.
  bool Store(const model::Tag& tag, const IntakeBatch& batch,
             const std::function<bool()>& gives_up);

  GrpcCollectorOptions options;
  TagRegistry tags;
  model::ChangeSink& sink;
  // Of all tags when durable(), from the start on.
  absl::flat_hash_map<model::Tag, std::unique_ptr<DurableTag>> durable_tags;
  std::atomic<bool> stopping{false};
  std::atomic<int64_t> messages{0}, bytes{0}, refused{0}, lost{0}, storage_errors{0};
  std::atomic<int64_t> streams_started{0}, streams_refused{0};
};

}  // namespace dcp::collector
