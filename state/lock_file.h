// LockFile: one process per state directory. The lock ends with the process, however
// that ends.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace dcp::state {

class LockFile {
 public:
  // `path` is created when it is not there.
  //   kFailedPrecondition  another process holds it; the message has its pid. Or: it
  //                        cannot be written
  static absl::StatusOr<LockFile> Acquire(const std::string& path);

  LockFile(LockFile&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace dcp::state
