// TagRegistry: which stream feeds which tag. One stream feeds a tag at a time:
// the first one that asks has it until it gives it back.
//
// Thread-safe. The set of tags is constant after construction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "collector/grpc/session_table.h"
#include "model/change_batch.h"
#include "model/tag.h"

namespace dcp::collector {

class TagRegistry {
 public:
  explicit TagRegistry(const std::vector<model::Tag>& tags);

  // The registered tag of this name, or null. Valid for the registry's life.
  const model::Tag* Find(absl::string_view name) const;

  // Takes `tag` for stream `stream` (not 0). False when another stream has it;
  // true when it is this stream's, also when it was before. `session`: of a stream of
  // Push, which `end` asks to end; `end` is called until the tag is given back.
  bool Claim(const model::Tag& tag, uint64_t stream, absl::string_view session = {},
             std::function<void()> end = {}) ABSL_LOCKS_EXCLUDED(mu_);

  // Asks the stream that has `tag` to end when it is of `session`; false when it is not.
  bool EndFormer(const model::Tag& tag, absl::string_view session) ABSL_LOCKS_EXCLUDED(mu_);

  // Gives `tag` back. Without effect when `stream` does not have it.
  void Release(const model::Tag& tag, uint64_t stream) ABSL_LOCKS_EXCLUDED(mu_);

  // What to open `tag` with for the stream that has claimed it: the first stream
  // that was opened has no reason; each later one has lost continuity.
  model::StreamOrigin OriginFor(const model::Tag& tag, absl::string_view peer) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // Of a tag that is not durable: what was taken of `session`, and whether it fed the tag last.
  SessionState session(const model::Tag& tag, absl::string_view session) const
      ABSL_LOCKS_EXCLUDED(mu_);
  void NoteSession(const model::Tag& tag, absl::string_view session, uint64_t last)
      ABSL_LOCKS_EXCLUDED(mu_);

  // `tag` was opened for the stream at `peer`.
  void MarkOpened(const model::Tag& tag, absl::string_view peer) ABSL_LOCKS_EXCLUDED(mu_);

  // "a, b, c": for messages.
  const std::string& names() const { return names_; }

 private:
  struct Entry {
    uint64_t owner = 0;  // stream, 0: none
    bool opened = false;
    std::string last_peer;
    std::string owner_session;
    std::function<void()> end_owner;
    SessionTable sessions;
  };

  // Constant after construction.
  absl::flat_hash_map<std::string, model::Tag> tags_;
  std::string names_;

  mutable Mutex mu_;
  absl::flat_hash_map<model::Tag, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::collector
