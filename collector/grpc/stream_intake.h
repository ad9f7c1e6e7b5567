// StreamIntake: what one Process stream has said so far and the checker has not
// taken yet. It judges messages, says which response each gets, and collects the
// accepted ones per tag into batches: of changes for the checker, or, where messages are
// to be durable, of messages for the log of the tag. No gRPC, no thread, no waiting in it.
//
// Thread-compatible; thread-safe towards other streams' intakes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collector/grpc/batch_builder.h"
#include "collector/grpc/intake_block.h"
#include "collector/grpc/response_code.h"
#include "collector/grpc/tag_registry.h"
#include "model/access.h"
#include "model/change_batch.h"
#include "model/tag.h"
#include "proto/dcp.pb.h"

namespace dcp::collector {

// What a message is answered with.
struct Reply {
  ResponseCode code = ResponseCode::kAccepted;
  std::string msg;
};

// Of a tag that is not one of `tags`.
Reply UnknownTag(const TagRegistry& tags, absl::string_view tag);

// Of a tag that the caller's token is not bound to.
Reply NotAuthorised(const model::Grant& grant, absl::string_view tag);

// What is wrong with a message whatever its tag; nullopt: nothing.
std::optional<Reply> FindFault(const Message& message);

class StreamIntake {
 public:
  struct TagBatch {
    const model::Tag* tag = nullptr;
    model::ChangeBatchPtr batch;  // null where they are to be durable
    IntakeBatch messages;
  };

  // `tags` outlives this. `stream` is unique among the streams that use `tags`.
  StreamIntake(TagRegistry& tags, uint64_t stream, bool capture, bool durable = false,
               model::Grant grant = {})
      : tags_(tags),
        stream_(stream),
        capture_(capture),
        durable_(durable),
        grant_(std::move(grant)) {}
  ~StreamIntake() { ReleaseTags(); }
  StreamIntake(const StreamIntake&) = delete;
  StreamIntake& operator=(const StreamIntake&) = delete;

  // Judges `message` and keeps it when it is good. nullopt: it is good, but its
  // tag must be opened first. Open to_open(), tell Opened(), and offer the same
  // message again; offer no other in between.
  std::optional<Reply> Offer(const Message& message);

  // The claimed tag that waits to be opened, or null.
  const model::Tag* to_open() const { return to_open_; }
  // When it did not open it is given back, and the next Offer() answers why.
  // `lost`: why continuity is lost before it, for the log; empty: it is not.
  void Opened(const absl::Status& status, absl::string_view lost = {});

  // The accepted changes since the last call, per tag in order.
  std::vector<TagBatch> TakeBatches();

  // The checker did not take a batch: messages of `tag` are refused from now on.
  void Failed(const model::Tag& tag, const absl::Status& status);

  // Gives all tags back. REQUIRES: batches taken before were appended.
  void ReleaseTags();

  size_t pending_bytes() const { return pending_bytes_; }
  bool has_barrier() const { return has_barrier_; }

 private:
  struct Feed {
    Feed(const model::Tag* feed_tag, bool capture) : tag(feed_tag), builder(capture) {}
    const model::Tag* tag;
    BatchBuilder builder;
    IntakeBatch messages;
    absl::Status failure;  // of the checker
  };

  Feed* FindFeed(absl::string_view tag);
  std::optional<Reply> BeginFeed(const Message& message);
  Reply Keep(Feed& feed, const Message& message);

  TagRegistry& tags_;
  const uint64_t stream_;
  const bool capture_;
  const bool durable_;
  const model::Grant grant_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  Feed* last_feed_ = nullptr;  // most streams feed one tag
  const model::Tag* to_open_ = nullptr;
  absl::Status open_failure_;
  size_t pending_bytes_ = 0;
  bool has_barrier_ = false;
};

}  // namespace dcp::collector
