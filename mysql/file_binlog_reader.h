// FileBinlogReader: binlog or relay log files, one after the other, without a
// server: what the table maps do not tell stays unknown (Column::approximate).
//
// Where a file does not follow the one before it (file_sequence.h) a kGap event stands in place
// of its first one (in place of its format description or its kPreviousGtids).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysql/binlog_reader.h"
#include "mysql/bytes.h"
#include "mysql/event_decoder.h"
#include "mysql/file_sequence.h"
#include "mysql/schema_source.h"

namespace dcp::mysql {

class FileBinlogReader final : public BinlogReader {
 public:
  struct Options {
    std::vector<std::string> files;  // in order
    // Where to begin in the first file: the start of an event. The file's
    // format description is read in any case.
    uint64_t start_offset = 4;
    TableFilter wants = {};
    // Asked for what table maps do not tell; may be null.
    std::shared_ptr<SchemaSource> schemas = nullptr;
    // What cannot be read of a file that is not the last is a kGap, not the end.
    bool pass_damage = false;
    // A relay log tells what a replica has received, not what it has applied.
    bool refuse_relay_logs = false;
  };

  // Opens the first file.
  //   kNotFound            a file does not exist
  //   kPermissionDenied    it may not be read
  //   kInvalidArgument     it is no binlog
  //   kDataLoss            it does not begin as a binlog does, or is older than MySQL 5.0
  //   kFailedPrecondition  it is encrypted, or a relay log where that is refused
  static absl::StatusOr<std::unique_ptr<FileBinlogReader>> Open(Options options);
  ~FileBinlogReader() override;

  // Waits for the schema source only. In addition to BinlogReader's errors, those of Open() for
  // the later files. A file that ends inside an event is kDataLoss.
  // Positions hold the file's name without its folder.
  absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) override;
  void Stop() override { stopped_ = true; }

  // The format description's of the file that is being read.
  uint32_t server_id() const { return end_of_file_.server_id; }
  bool mariadb() const { return decoder_->mariadb(); }

 private:
  explicit FileBinlogReader(Options options);

  absl::Status OpenFile(const std::string& path);
  absl::Status CheckMagic() const;
  absl::Status CheckKind();
  absl::StatusOr<const BinlogEvent*> ReadNext();
  absl::Status OpenNextFile();
  bool MayPass(const absl::Status& error) const;
  const BinlogEvent* Follow(const BinlogEvent& event);
  const BinlogEvent* ConcludeHead(const BinlogEvent& event);
  void Note(const BinlogEvent& event);
  bool HeadGoesOn();
  void CloseFile();
  absl::Status SkipToStart();
  // Makes at least `size` bytes available from begin_ on, if the file has them.
  absl::Status Fill(size_t size);
  // The next event's bytes; empty at the end of the file.
  absl::StatusOr<Bytes> ReadEvent();
  Bytes available() const { return Bytes(buffer_).subspan(begin_, end_ - begin_); }

  const Options options_;
  std::optional<EventDecoder> decoder_;  // of one file
  size_t next_file_ = 0;
  std::string path_;
  int fd_ = -1;
  uint64_t offset_ = 0;  // of begin_ in the file
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;

  FileEnd end_of_file_;           // what is known of the files up to here
  std::optional<FileHead> head_;  // of a file behind another, until it is known whether it follows
  absl::Status passed_;           // the damage that this file stands behind
  BinlogEvent gap_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace dcp::mysql
