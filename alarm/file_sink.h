// FileSink: JSON lines appended to a file, or to standard output.
//
// In a regular file every line is exactly one write(2), so that a reader or
// another appender never sees half of one, unless the disk is full: then the torn
// line is ended before the next one is written. A torn last line that an earlier
// run left is ended too. A line that would make the file larger than `max_bytes`
// goes to a new file: `path` becomes `path`.1, `path`.1 becomes `path`.2 ..., and
// `keep` of them stay. A file that was moved away by others is opened anew.
//
// A pipe, socket or terminal is written to in pieces that it takes, never blocking
// for longer than `patience`.
//
// The process must ignore SIGPIPE.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alarm/sink.h"

namespace dcp::alarm {

class FileSink final : public Sink {
 public:
  struct Options {
    std::string path;  // "-": standard output
    uint64_t max_bytes = uint64_t{100} << 20;
    uint32_t keep = 5;  // at least 1
    absl::Duration patience = absl::Seconds(5);
  };

  // Opens nothing: the first Deliver does, or says why not.
  explicit FileSink(Options options);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  std::string name() const override;

  //   kUnavailable        the file cannot be opened, written or rotated
  //   kDeadlineExceeded   a pipe took nothing for `patience`
  //   kCancelled          Interrupt() was called while a pipe was full
  absl::Status Deliver(const Alarm& alarm) override;
  void Interrupt() override { interrupted_.store(true); }

  // Opens the file now, so that a wrong path is an error at start. As Deliver.
  absl::Status Open();

 private:
  bool standard_output() const { return options_.path == "-"; }
  absl::Status OpenStandardOutput();
  absl::Status OpenFile();
  void Close();
  // Whether `path` still names the open file.
  bool Moved() const;
  absl::Status Rotate();
  absl::Status WriteLine(const std::string& line);
  absl::Status WriteOnce(const std::string& line);
  absl::Status WriteInPieces(const std::string& line);
  // The first `size` bytes of `line` are written.
  void NoteWritten(const std::string& line, size_t size);
  absl::Status AwaitRoom(absl::Duration patience);
  absl::Status Failure(const char* what) const;

  // Constant after construction.
  const Options options_;

  std::atomic<bool> interrupted_{false};
  int fd_ = -1;
  bool regular_ = false;  // a regular file, not a pipe or the like
  bool torn_ = false;     // what was written last did not end its line
};

}  // namespace dcp::alarm
