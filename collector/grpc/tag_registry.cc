#include "collector/grpc/tag_registry.h"

#include "absl/strings/str_cat.h"

namespace dcp::collector {

TagRegistry::TagRegistry(const std::vector<model::Tag>& tags) {
  MutexLock lock(mu_);
  for (const model::Tag& tag : tags) {
    if (!tags_.emplace(tag.value(), tag).second) continue;
    entries_[tag];
    absl::StrAppend(&names_, names_.empty() ? "" : ", ", tag.value());
  }
}

const model::Tag* TagRegistry::Find(absl::string_view name) const {
  const auto it = tags_.find(name);
  return it == tags_.end() ? nullptr : &it->second;
}

bool TagRegistry::Claim(const model::Tag& tag, uint64_t stream) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  if (entry.owner == 0) entry.owner = stream;
  return entry.owner == stream;
}

void TagRegistry::Release(const model::Tag& tag, uint64_t stream) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  if (entry.owner == stream) entry.owner = 0;
}

model::StreamOrigin TagRegistry::OriginFor(const model::Tag& tag, absl::string_view peer) const {
  MutexLock lock(mu_);
  model::StreamOrigin origin;
  const auto it = entries_.find(tag);
  if (it == entries_.end() || !it->second.opened) return origin;
  origin.reason = "restart";
  origin.detail =
      absl::StrCat("the client stream from ", it->second.last_peer, " ended and one from ", peer,
                   " feeds the tag now; pushed messages have no sequence numbers, so nothing tells "
                   "whether changes were lost or repeated between them");
  return origin;
}

void TagRegistry::MarkOpened(const model::Tag& tag, absl::string_view peer) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  entry.opened = true;
  entry.last_peer = std::string(peer);
}

}  // namespace dcp::collector
