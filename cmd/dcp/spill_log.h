// SpillLog: says when segments of a check begin to wait on disk, cannot, and do not any
// more; each once, however often it changes in between.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dcp::cmd {

class SpillLog {
 public:
  using LogFunction = std::function<void(absl::string_view line)>;

  SpillLog(std::string check, LogFunction log) : check_(std::move(check)), log_(std::move(log)) {}

  // `now` is monotonic. `written`: what the last try to put a segment on disk came to.
  // `segments` and `bytes` wait there, and the check may hold `limit_bytes` in memory.
  void Note(const absl::Status& written, uint64_t segments, uint64_t bytes, uint64_t limit_bytes,
            absl::Duration now);

 private:
  void NoteError(const absl::Status& written, absl::Duration now);

  const std::string check_;
  const LogFunction log_;
  bool spilling_ = false, failing_ = false;
  uint64_t most_bytes_ = 0;
  absl::Duration last_seen_;   // that something waited
  absl::Duration last_error_;  // that was said
};

}  // namespace dcp::cmd
