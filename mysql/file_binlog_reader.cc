#include "mysql/file_binlog_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/event.h"

namespace dcp::mysql {
namespace {

constexpr size_t kMagicSize = 4;
constexpr uint32_t kMagic = 0x6e6962fe;           // fe 'b' 'i' 'n'
constexpr uint32_t kEncryptedMagic = 0x6e6962fd;  // fd 'b' 'i' 'n'
constexpr size_t kBufferSize = size_t{1} << 20;
constexpr size_t kMaxEventSize = (size_t{1} << 30) + (size_t{1} << 20);

absl::Status FileError(const std::string& path, int error) {
  const absl::StatusCode code = error == ENOENT   ? absl::StatusCode::kNotFound
                                : error == EACCES ? absl::StatusCode::kPermissionDenied
                                                  : absl::StatusCode::kUnknown;
  return absl::Status(code, absl::StrCat(path, ": ", std::strerror(error)));
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

FileBinlogReader::FileBinlogReader(Options options)
    : options_(std::move(options)),
      decoder_({.schemas = nullptr,
                .wants = options_.wants,
                .checksums = false,
                .positions_in_headers = false}) {}

FileBinlogReader::~FileBinlogReader() { CloseFile(); }

absl::StatusOr<std::unique_ptr<FileBinlogReader>> FileBinlogReader::Open(Options options) {
  if (options.files.empty()) return absl::InvalidArgumentError("no binlog file given");
  std::unique_ptr<FileBinlogReader> reader(new FileBinlogReader(std::move(options)));
  DCP_RETURN_IF_ERROR(reader->OpenFile(reader->options_.files[0]));
  if (reader->options_.start_offset > kMagicSize) DCP_RETURN_IF_ERROR(reader->SkipToStart());
  return reader;
}

absl::Status FileBinlogReader::OpenFile(const std::string& path) {
  CloseFile();
  path_ = path;
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return FileError(path, errno);
  buffer_.resize(std::max(buffer_.size(), kBufferSize));
  begin_ = end_ = 0;
  offset_ = 0;
  ++next_file_;
  DCP_RETURN_IF_ERROR(Fill(kMagicSize));
  const uint32_t magic =
      end_ < kMagicSize ? 0 : static_cast<uint32_t>(LoadLe<kMagicSize>(buffer_.data()));
  if (magic == kEncryptedMagic) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": the binlog is encrypted (binlog_encryption=ON); read it from the server"));
  }
  if (magic != kMagic) return absl::InvalidArgumentError(absl::StrCat(path, ": not a binlog file"));
  begin_ = kMagicSize;
  offset_ = kMagicSize;
  decoder_.SetPosition(BaseName(path), kMagicSize);
  return absl::OkStatus();
}

void FileBinlogReader::CloseFile() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

// Decodes the format description at the head, then goes to the start asked for.
absl::Status FileBinlogReader::SkipToStart() {
  DCP_ASSIGN_OR_RETURN(const Bytes first, ReadEvent());
  if (!first.empty()) DCP_RETURN_IF_ERROR(decoder_.Decode(first).status());
  const uint64_t start = options_.start_offset;
  if (start <= offset_) return absl::OkStatus();
  const off_t size = lseek(fd_, 0, SEEK_END);
  if (size < 0 || static_cast<uint64_t>(size) < start) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": cannot start at ", start, ": the file has ", size, " bytes"));
  }
  if (lseek(fd_, static_cast<off_t>(start), SEEK_SET) < 0) return FileError(path_, errno);
  begin_ = end_ = 0;
  offset_ = start;
  decoder_.SetPosition(BaseName(path_), start);
  return absl::OkStatus();
}

absl::Status FileBinlogReader::Fill(size_t size) {
  if (end_ - begin_ >= size) return absl::OkStatus();
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  while (end_ < size) {
    // Grown as bytes come, so that a false size costs nothing.
    if (end_ == buffer_.size()) buffer_.resize(std::min(size, 2 * buffer_.size()));
    const ssize_t got = read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path_, errno);
    if (got == 0) break;
    end_ += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::StatusOr<Bytes> FileBinlogReader::ReadEvent() {
  DCP_RETURN_IF_ERROR(Fill(kEventHeaderSize));
  if (begin_ == end_) return Bytes();
  const auto cut = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat(path_, ":", offset_, ": the file ends inside ", what, " (", end_ - begin_,
                     " bytes of it are there): it was cut off, or the server is still writing it"));
  };
  if (end_ - begin_ < kEventHeaderSize) return cut("an event's header");
  DCP_ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(available()));
  if (header.size < kEventHeaderSize || header.size > kMaxEventSize) {
    return absl::DataLossError(
        absl::StrCat(path_, ":", offset_, ": event of ", header.size, " bytes: damaged"));
  }
  DCP_RETURN_IF_ERROR(Fill(header.size));
  if (end_ - begin_ < header.size) return cut("an event");
  const Bytes event = available().first(header.size);
  begin_ += header.size;
  offset_ += header.size;
  return event;
}

absl::StatusOr<const BinlogEvent*> FileBinlogReader::Next(absl::Duration /*timeout*/) {
  while (true) {
    if (stopped_) return absl::CancelledError("stopped");
    const BinlogEvent* event = nullptr;
    if (decoder_.inside_payload()) {
      DCP_ASSIGN_OR_RETURN(event, decoder_.DecodeInner());
    } else {
      DCP_ASSIGN_OR_RETURN(const Bytes bytes, ReadEvent());
      if (bytes.empty()) {
        if (next_file_ == options_.files.size()) return absl::OutOfRangeError("end of the files");
        DCP_RETURN_IF_ERROR(OpenFile(options_.files[next_file_]));
        continue;
      }
      DCP_ASSIGN_OR_RETURN(event, decoder_.Decode(bytes));
    }
    if (event != nullptr) return event;
  }
}

}  // namespace dcp::mysql
