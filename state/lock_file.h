// LockFile: one process per state directory. The lock ends with the process, however
// that ends.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/file_io.h"

namespace dcp::state {

class LockFile {
 public:
  // `path` is created when it is not there.
  //   kFailedPrecondition  another process holds it; the message has its pid. Or: it
  //                        cannot be written
  static absl::StatusOr<LockFile> Acquire(FileIo& io, const std::string& path);

  LockFile(LockFile&&) = default;
  LockFile& operator=(LockFile&&) = delete;

 private:
  explicit LockFile(OpenFile file) : file_(std::move(file)) {}

  OpenFile file_;
};

}  // namespace dcp::state
