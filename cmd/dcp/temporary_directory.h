// TemporaryDirectory: a directory of one's own, removed with its content at the end.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace dcp::cmd {

class TemporaryDirectory {
 public:
  // Where the system keeps such ($TMPDIR).
  //   kUnavailable  it cannot be made there
  static absl::StatusOr<std::unique_ptr<TemporaryDirectory>> Create();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace dcp::cmd
