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

bool TagRegistry::Claim(const model::Tag& tag, uint64_t stream, absl::string_view session,
                        std::function<void()> end) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  if (entry.owner != 0) return entry.owner == stream;
  entry.owner = stream;
  entry.owner_session = std::string(session);
  entry.end_owner = std::move(end);
  return true;
}

bool TagRegistry::EndFormer(const model::Tag& tag, absl::string_view session) {
  std::function<void()> end;
  {
    MutexLock lock(mu_);
    const Entry& entry = entries_[tag];
    if (entry.owner == 0 || session.empty() || entry.owner_session != session) return false;
    end = entry.end_owner;
  }
  end();
  return true;
}

void TagRegistry::Release(const model::Tag& tag, uint64_t stream) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  if (entry.owner != stream) return;
  entry.owner = 0;
  entry.owner_session.clear();
  entry.end_owner = nullptr;
}

model::StreamOrigin TagRegistry::OriginFor(const model::Tag& tag, absl::string_view peer) const {
  MutexLock lock(mu_);
  model::StreamOrigin origin;
  const auto it = entries_.find(tag);
  if (it == entries_.end() || !it->second.opened) return origin;
  origin.reason = "restart";
  origin.detail =
      absl::StrCat("the client stream from ", it->second.last_peer, " ended and one from ", peer,
                   " feeds the tag now; nothing tells "
                   "whether changes were lost or repeated between them");
  return origin;
}

SessionState TagRegistry::session(const model::Tag& tag, absl::string_view session) const {
  MutexLock lock(mu_);
  const auto it = entries_.find(tag);
  if (it == entries_.end()) return {};
  return {it->second.sessions.Last(session), it->second.sessions.IsWriter(session)};
}

void TagRegistry::NoteSession(const model::Tag& tag, absl::string_view session, uint64_t last) {
  MutexLock lock(mu_);
  entries_[tag].sessions.Note(session, last);
}

void TagRegistry::MarkOpened(const model::Tag& tag, absl::string_view peer) {
  MutexLock lock(mu_);
  Entry& entry = entries_[tag];
  entry.opened = true;
  entry.last_peer = std::string(peer);
  entry.sessions.Note("", 0);  // a session says so itself
}

}  // namespace dcp::collector
