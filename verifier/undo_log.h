// UndoLog: the file that takes a repair back. A statement is on disk before what it takes back is
// executed.
//
// While a repair runs, the file has its statements in the order of execution, the settings before
// each, one line each, and is to be run from its last whole line to its first; Finish() turns it
// into a script to be run as it is.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_io.h"

namespace dcp::verifier {

class UndoLog {
 public:
  //   kAlreadyExists       there is such a file: it may be the only way back from another repair
  //   kFailedPrecondition  it cannot be made
  static absl::StatusOr<std::unique_ptr<UndoLog>> Create(const std::string& path);
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // Adds statements and has them on disk. An error leaves the file as it was.
  absl::Status Append(const std::vector<std::string>& statements);

  // How many statements there are; and takes those behind the first `count` away again: what they
  // take back did not happen.
  size_t size() const { return ends_.size(); }
  absl::Status Shrink(size_t count);

  // Turns it into the script, last statement first. Nothing is added after that.
  absl::Status Finish();

  const std::string& path() const { return path_; }

 private:
  UndoLog(std::string path, OpenFile file) : path_(std::move(path)), file_(std::move(file)) {}
  absl::Status Error(absl::string_view doing) const;
  absl::Status Write(uint64_t at, absl::string_view text);
  absl::StatusOr<std::string> Read() const;

  const std::string path_;
  const OpenFile file_;
  uint64_t begin_ = 0;          // behind the head
  std::vector<uint64_t> ends_;  // of the statements' lines
};

}  // namespace dcp::verifier
