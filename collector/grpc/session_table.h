// SessionTable: the sessions of Push that have fed one tag, the last sequence number
// held of each, and which stream fed the tag last. Bounded: the session that was silent
// for the longest is forgotten first, never the last writer.
//
// Pure, thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::collector {

// What a tag knows of one session.
struct SessionState {
  uint64_t last = 0;       // number that is held; 0: none
  bool is_writer = false;  // it fed the tag last
};

class SessionTable {
 public:
  static constexpr size_t kMaxSessions = 256;
  static constexpr size_t kMaxIdBytes = 256;

  // 0: nothing is held of this session.
  uint64_t Last(absl::string_view session) const;

  // `session` feeds the tag, and `sequence` of it is held (a lower one than before changes
  // nothing). Empty: a stream without a session feeds it.
  void Note(absl::string_view session, uint64_t sequence);

  // The session that fed the tag last; empty: none, or a stream without one.
  const std::string& writer() const { return writer_; }
  bool IsWriter(absl::string_view session) const { return !session.empty() && session == writer_; }

  std::string ToBytes() const;
  //   kDataLoss  it is not what ToBytes() gives
  static absl::StatusOr<SessionTable> Parse(absl::string_view bytes);

 private:
  struct Entry {
    std::string id;
    uint64_t last = 0;
  };

  std::list<Entry> entries_;  // the last used first
  std::string writer_;
};

}  // namespace dcp::collector
