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

FileBinlogReader::FileBinlogReader(Options options) : options_(std::move(options)) {}

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
  ++next_file_;
  decoder_.emplace(EventDecoder::Options{.schemas = options_.schemas.get(),
                                         .wants = options_.wants,
                                         .checksums = false,
                                         .positions_in_headers = false});
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return FileError(path, errno);
  buffer_.resize(std::max(buffer_.size(), kBufferSize));
  begin_ = end_ = 0;
  offset_ = 0;
  DCP_RETURN_IF_ERROR(Fill(kMagicSize));
  DCP_RETURN_IF_ERROR(CheckMagic());
  begin_ = kMagicSize;
  offset_ = kMagicSize;
  decoder_->SetPosition(BaseName(path), kMagicSize);
  return CheckKind();
}

absl::Status FileBinlogReader::CheckMagic() const {
  const uint32_t magic =
      end_ < kMagicSize ? 0 : static_cast<uint32_t>(LoadLe<kMagicSize>(buffer_.data()));
  if (magic == kEncryptedMagic) {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": the binlog is encrypted (binlog_encryption=ON); read it from the server"));
  }
  if (magic == kMagic) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path_, ": not a binlog file"));
}

// By the format description at its head.
absl::Status FileBinlogReader::CheckKind() {
  DCP_RETURN_IF_ERROR(Fill(kEventHeaderSize));
  const auto header = ParseEventHeader(available());
  const uint32_t server_id = header.ok() ? header->server_id : 0;
  if (header.ok() && header->type == kStartEventV3) {
    return absl::DataLossError(absl::StrCat(
        path_, ":", offset_,
        ": a binlog of version 3 or older (servers before MySQL 5.0) is not supported"));
  }
  // Without it nothing tells whether events have checksums.
  if (header.ok() && header->type != kFormatDescriptionEvent) {
    return absl::DataLossError(
        absl::StrCat(path_, ":", offset_, ": the file begins with ", EventTypeName(header->type),
                     " and not with a format description: its beginning is lost"));
  }
  const bool relay_log = header.ok() && (header->flags & kFlagRelayLog) != 0;
  if (relay_log && options_.refuse_relay_logs) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_,
                     ": a relay log, which tells what the replica has received and not what "
                     "it has applied; give its binlogs (log_replica_updates = ON)"));
  }
  const bool first = end_of_file_.name.empty();
  if (first) {
    end_of_file_.name = BaseName(path_);
    end_of_file_.server_id = server_id;
  } else {
    head_ = FileHead{BaseName(path_), server_id, std::nullopt};
  }
  return absl::OkStatus();
}

void FileBinlogReader::CloseFile() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

// Decodes the format description at the head, then goes to the start asked for.
absl::Status FileBinlogReader::SkipToStart() {
  DCP_ASSIGN_OR_RETURN(const Bytes first, ReadEvent());
  if (!first.empty()) DCP_RETURN_IF_ERROR(decoder_->Decode(first).status());
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
  decoder_->SetPosition(BaseName(path_), start);
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
    absl::StatusOr<const BinlogEvent*> event = ReadNext();
    while (!event.ok() && MayPass(event.status())) {
      if (passed_.ok()) passed_ = event.status();
      event = absl::StatusOr<const BinlogEvent*>(nullptr);
      const absl::Status opened = OpenNextFile();
      if (!opened.ok()) event = opened;
    }
    if (!event.ok()) return event.status();
    if (*event == nullptr) continue;
    const BinlogEvent* followed = Follow(**event);
    if (followed != nullptr) return followed;
  }
}

// nullptr: nothing to tell.
absl::StatusOr<const BinlogEvent*> FileBinlogReader::ReadNext() {
  if (decoder_->inside_payload()) return decoder_->DecodeInner();
  DCP_ASSIGN_OR_RETURN(const Bytes bytes, ReadEvent());
  if (!bytes.empty()) return decoder_->Decode(bytes);
  if (next_file_ == options_.files.size()) return absl::OutOfRangeError("end of the files");
  DCP_RETURN_IF_ERROR(OpenNextFile());
  return nullptr;
}

absl::Status FileBinlogReader::OpenNextFile() { return OpenFile(options_.files[next_file_]); }

bool FileBinlogReader::MayPass(const absl::Status& error) const {
  return options_.pass_damage && !absl::IsOutOfRange(error) && !absl::IsUnavailable(error) &&
         next_file_ < options_.files.size();
}

// The event to be given: `event` itself, a gap in its place, or nothing (yet).
const BinlogEvent* FileBinlogReader::Follow(const BinlogEvent& event) {
  if (head_.has_value()) return ConcludeHead(event);
  Note(event);
  return &event;
}

// True where the file's next event belongs to its head too.
bool FileBinlogReader::HeadGoesOn() {
  if (!Fill(kEventHeaderSize).ok()) return false;
  const auto header = ParseEventHeader(available());
  if (!header.ok()) return false;
  return header->type == kPreviousGtidsEvent || header->type == kGtidListEvent;
}

// `event` is the format description, or what stands behind it.
const BinlogEvent* FileBinlogReader::ConcludeHead(const BinlogEvent& event) {
  if (event.kind == BinlogEvent::Kind::kPreviousGtids) head_->previous = event.gtids;
  if (!head_->previous.has_value() && HeadGoesOn()) return nullptr;
  const absl::Status follows = passed_.ok() ? CheckFollows(end_of_file_, *head_) : passed_;
  passed_ = absl::OkStatus();
  if (!follows.ok()) end_of_file_.executed.reset();
  const model::GtidSet previous = head_->previous.value_or(model::GtidSet());
  if (head_->previous.has_value()) {
    if (!end_of_file_.executed.has_value()) end_of_file_.executed.emplace();
    end_of_file_.executed->Add(previous);
  }
  end_of_file_.name = head_->name;
  end_of_file_.server_id = head_->server_id;
  end_of_file_.closed = false;
  end_of_file_.next.clear();
  head_.reset();
  if (follows.ok()) return &event;
  gap_ = BinlogEvent();
  gap_.kind = BinlogEvent::Kind::kGap;
  gap_.start = event.start;
  gap_.end = event.end;
  gap_.timestamp_micros = event.timestamp_micros;
  gap_.server_id = event.server_id;
  gap_.gtids = previous;
  gap_.error = follows;
  return &gap_;
}

void FileBinlogReader::Note(const BinlogEvent& event) {
  using Kind = BinlogEvent::Kind;
  end_of_file_.closed = event.kind == Kind::kRotate || event.type_code == kStopEvent;
  if (event.kind == Kind::kRotate) {
    end_of_file_.next = event.end.file;
  } else if (!end_of_file_.next.empty()) {
    end_of_file_.next.clear();
  }
  if (event.kind == Kind::kPreviousGtids) {
    if (!end_of_file_.executed.has_value()) end_of_file_.executed.emplace();
    end_of_file_.executed->Add(event.gtids);
  } else if (event.kind == Kind::kGroupStart && !event.gtid.empty() &&
             end_of_file_.executed.has_value()) {
    end_of_file_.executed->Add(event.gtid);
  }
}

}  // namespace dcp::mysql
