#include "collector/grpc/session_table.h"

#include <algorithm>
#include <iterator>

#include "collector/grpc/little_endian.h"

namespace dcp::collector {
namespace {

absl::Status Damaged() { return absl::DataLossError("the list of sessions is damaged"); }

}  // namespace

uint64_t SessionTable::Last(absl::string_view session) const {
  for (const Entry& entry : entries_) {
    if (entry.id == session) return entry.last;
  }
  return 0;
}

void SessionTable::Note(absl::string_view session, uint64_t sequence) {
  writer_ = std::string(session);
  if (session.empty()) return;
  auto it = std::find_if(entries_.begin(), entries_.end(),
                         [session](const Entry& entry) { return entry.id == session; });
  if (it == entries_.end()) it = entries_.insert(entries_.begin(), {writer_, 0});
  it->last = std::max(it->last, sequence);
  entries_.splice(entries_.begin(), entries_, it);
  if (entries_.size() > kMaxSessions) entries_.pop_back();
}

std::string SessionTable::ToBytes() const {
  std::string bytes;
  PutText(writer_, bytes);
  PutNumber(static_cast<uint32_t>(entries_.size()), bytes);
  for (const Entry& entry : entries_) {
    PutText(entry.id, bytes);
    PutNumber(entry.last, bytes);
  }
  return bytes;
}

absl::StatusOr<SessionTable> SessionTable::Parse(absl::string_view bytes) {
  SessionTable table;
  absl::string_view writer;
  uint32_t count = 0;
  if (!TakeText(bytes, writer) || !TakeNumber(bytes, count) || count > kMaxSessions) {
    return Damaged();
  }
  for (uint32_t i = 0; i < count; ++i) {
    absl::string_view id;
    uint64_t last = 0;
    if (!TakeText(bytes, id) || id.empty() || !TakeNumber(bytes, last)) return Damaged();
    table.entries_.push_back({std::string(id), last});
  }
  if (!bytes.empty()) return Damaged();
  table.writer_ = std::string(writer);
  return table;
}

}  // namespace dcp::collector
