#include "cmd/dcp/spill_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::cmd {
namespace {

// A target that is about to catch up goes to and fro.
constexpr absl::Duration kOver = absl::Seconds(10);
constexpr absl::Duration kErrorEvery = absl::Seconds(30);

std::string MebiBytes(uint64_t bytes) { return absl::StrCat((bytes + (1 << 19)) >> 20, " MiB"); }

}  // namespace

void SpillLog::Note(const absl::Status& written, uint64_t segments, uint64_t bytes,
                    uint64_t limit_bytes, absl::Duration now) {
  NoteError(written, now);
  if (segments > 0) {
    last_seen_ = now;
    most_bytes_ = std::max(most_bytes_, bytes);
    if (spilling_) return;
    spilling_ = true;
    log_(absl::StrCat("check ", check_, ": its ", MebiBytes(limit_bytes),
                      " of memory are full; segments that wait for the other side wait on disk"));
  } else if (spilling_ && now - last_seen_ >= kOver) {
    log_(absl::StrCat("check ", check_, ": no segment waits on disk any more; there were up to ",
                      MebiBytes(std::exchange(most_bytes_, 0))));
    spilling_ = false;
  }
}

void SpillLog::NoteError(const absl::Status& written, absl::Duration now) {
  if (written.ok()) {
    if (failing_) log_(absl::StrCat("check ", check_, ": no stream waits for memory any more"));
    failing_ = false;
    return;
  }
  if (failing_ && now - last_error_ < kErrorEvery) return;
  failing_ = true;
  last_error_ = now;
  log_(absl::StrCat("check ", check_,
                    ": its memory is full and segments cannot wait on disk, so the stream that is "
                    "ahead waits: ",
                    std::string(written.message())));
}

}  // namespace dcp::cmd
