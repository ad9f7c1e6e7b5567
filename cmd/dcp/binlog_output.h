// BinlogOutput: a file descriptor behind a buffer that callers append to.
//
// Thread-compatible.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace dcp::cmd {

class BinlogOutput {
 public:
  // Borrows the descriptor. Once `stop` is true nothing waits for a slow reader.
  BinlogOutput(int fd, const std::atomic<bool>& stop);

  // What is not written yet: append here, then call FlushIfFull().
  std::string& buffer() { return buffer_; }

  absl::Status FlushIfFull() { return buffer_.size() < kFull ? absl::OkStatus() : Flush(); }

  // Writes the buffer and empties it.
  //   kCancelled  nobody reads the pipe any more, or it is full and `stop` is true;
  //               final
  //   other       the descriptor's error
  absl::Status Flush();

  // True if the descriptor is a pipe or socket whose other end is closed.
  bool ReaderIsGone() const;

 private:
  static constexpr size_t kFull = size_t{256} << 10;

  absl::Status AwaitWritable() const;

  const int fd_;
  // What one write() may hold without blocking once poll() allows it.
  const size_t chunk_;
  const std::atomic<bool>& stop_;
  std::string buffer_;
};

}  // namespace dcp::cmd
