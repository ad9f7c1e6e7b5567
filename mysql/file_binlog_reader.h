// FileBinlogReader: binlog or relay log files, one after the other, without a
// server: what the table maps do not tell stays unknown (Column::approximate).
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysql/binlog_reader.h"
#include "mysql/bytes.h"
#include "mysql/event_decoder.h"

namespace dcp::mysql {

class FileBinlogReader final : public BinlogReader {
 public:
  struct Options {
    std::vector<std::string> files;  // in order
    // Where to begin in the first file: the start of an event. The file's
    // format description is read in any case.
    uint64_t start_offset = 4;
    TableFilter wants = {};
  };

  // Opens the first file.
  //   kNotFound            a file does not exist
  //   kPermissionDenied    it may not be read
  //   kInvalidArgument     it is no binlog
  //   kFailedPrecondition  it is encrypted
  static absl::StatusOr<std::unique_ptr<FileBinlogReader>> Open(Options options);
  ~FileBinlogReader() override;

  // Never waits. In addition to BinlogReader's errors, those of Open() for the
  // later files. A file that ends inside an event is kDataLoss.
  // Positions hold the file's name without its folder.
  absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) override;
  void Stop() override { stopped_ = true; }

 private:
  explicit FileBinlogReader(Options options);

  absl::Status OpenFile(const std::string& path);
  void CloseFile();
  absl::Status SkipToStart();
  // Makes at least `size` bytes available from begin_ on, if the file has them.
  absl::Status Fill(size_t size);
  // The next event's bytes; empty at the end of the file.
  absl::StatusOr<Bytes> ReadEvent();
  Bytes available() const { return Bytes(buffer_).subspan(begin_, end_ - begin_); }

  const Options options_;
  EventDecoder decoder_;
  size_t next_file_ = 0;
  std::string path_;
  int fd_ = -1;
  uint64_t offset_ = 0;  // of begin_ in the file
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace dcp::mysql
