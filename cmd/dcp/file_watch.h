// FileWatch: notices that a file was changed, or another one put in its place, once it has been
// left alone for a moment.
//
// Thread-confined.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/time/time.h"

namespace dcp::cmd {

class FileWatch {
 public:
  explicit FileWatch(std::string path) : path_(std::move(path)), known_(Look()), seen_(known_) {}

  // True once for each change: the file is not as it was when it was noticed last, and has been so
  // for kQuiet. A file that is not there now is waited for. `now`: monotonic.
  bool Changed(absl::Duration now);

  static constexpr absl::Duration kQuiet = absl::Milliseconds(500);

 private:
  // Device, inode, size, time of the last change to content or place.
  using Stamp = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;
  Stamp Look() const;

  std::string path_;
  Stamp known_, seen_;
  absl::Duration seen_at_;
};

}  // namespace dcp::cmd
