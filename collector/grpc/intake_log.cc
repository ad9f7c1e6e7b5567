#include "collector/grpc/intake_log.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"
#include "collector/grpc/intake_recovery.h"

namespace dcp::collector {
namespace {

absl::Status MakeDirectory(FileIo& io, const std::string& directory) {
  bool made = false;
  if (const std::error_code error = io.MakeDirectories(directory, &made))
    return IoError(error.value(), "make the directory", directory);
  FaultPoint("intake.directory_made");
  // The one above it may be new too.
  std::filesystem::path above = std::filesystem::absolute(directory).parent_path();
  DCP_RETURN_IF_ERROR(SyncEntries(io, above.string()));
  return SyncEntries(io, above.parent_path().string());
}

IntakeLogOptions Normalised(IntakeLogOptions options) {
  while (options.directory.size() > 1 && options.directory.back() == '/') {
    options.directory.pop_back();
  }
  // Deleted file by file: room comes back in steps of this.
  options.segment_bytes = std::min(options.segment_bytes, options.max_bytes / 8);
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<IntakeLog>> IntakeLog::Open(IntakeLogOptions options) {
  std::unique_ptr<IntakeLog> log(new IntakeLog(Normalised(std::move(options))));
  DCP_RETURN_IF_ERROR(MakeDirectory(log->io_, log->options_.directory));
  DCP_RETURN_IF_ERROR(log->Recover());
  return log;
}

absl::Status IntakeLog::Recover() {
  DCP_ASSIGN_OR_RETURN(RecoveredLog found,
                       RecoverLog(io_, options_.directory, options_.random, options_.log));
  MutexLock append(append_mu_);
  id_high_ = found.id_high;
  id_low_ = found.id_low;
  next_number_ = found.next_number;
  {
    MutexLock lock(mu_);
    next_ = found.next;
    sessions_ = std::move(found.sessions);
    for (const RecoveredSegment& segment : found.segments) {
      segments_.push_back({segment.number, segment.first, segment.bytes});
    }
  }
  if (found.segments.empty()) return NewSegment();
  const RecoveredSegment& last = found.segments.back();
  const std::string path = PathOf(last.number);
  file_ = OpenFile(io_, path, O_WRONLY | O_APPEND);
  if (!file_.open()) return IoError(errno, "open", path);
  // What was made and written before the process ended may not be on disk yet.
  DCP_RETURN_IF_ERROR(SyncEntries(io_, options_.directory));
  DCP_RETURN_IF_ERROR(WriteAgain(io_, path, last.attested, last.bytes));
  FaultPoint("intake.recovered");
  return absl::OkStatus();
}

absl::Status IntakeLog::Append(const IntakeBatch& batch) {
  if (batch.empty()) return absl::OkStatus();
  MutexLock append(append_mu_);
  if (const uint64_t held = bytes(); held >= options_.max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        options_.directory, " holds ", held, " bytes of messages that are still needed, and may ",
        options_.max_bytes, ": it takes more when checks have judged some of them"));
  }
  const uint64_t first = next();
  buffer_.clear();
  batch.PutBlocks(first, first, buffer_);
  Segment last = Last();
  const bool is_full = last.bytes + buffer_.size() > options_.segment_bytes && first > last.first;
  if (is_full || spoilt_) {
    DCP_RETURN_IF_ERROR(NewSegment());
    last = Last();
  }
  DCP_RETURN_IF_ERROR(Store(last, buffer_));
  MutexLock lock(mu_);
  segments_.back().bytes += buffer_.size();
  next_ += batch.count();
  sessions_.Note(batch.session(), batch.last_number());
  grown_.NotifyAll();
  return absl::OkStatus();
}

absl::Status IntakeLog::Store(const Segment& last, absl::string_view bytes) {
  const std::string path = PathOf(last.number);
  FaultPoint("intake.append");
  if (absl::Status status = WriteAll(file_, bytes, path); !status.ok()) {
    CutBack(last.bytes);
    return status;
  }
  FaultPoint("intake.written");
  if (io_.Sync(file_.fd()) == 0) {
    FaultPoint("intake.synced");
    return absl::OkStatus();
  }
  const absl::Status status = IoError(errno, "sync", path);
  CutBack(last.bytes);
  spoilt_ = true;  // after a failed sync nobody knows what of the file is on disk
  return status;
}

void IntakeLog::CutBack(uint64_t size) {
  if (io_.Truncate(file_.fd(), size) != 0) spoilt_ = true;
}

absl::Status IntakeLog::NewSegment() {
  const Segment segment{next_number_++, next(), 0};
  const std::string path = PathOf(segment.number);
  const std::string bytes = Snapshot();
  OpenFile file(io_, path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
  if (!file.open()) return IoError(errno, "make", path);
  FaultPoint("intake.file_made");
  if (absl::Status status = WriteNew(file, path, bytes); !status.ok()) {
    io_.Remove(path);
    // It may be there all the same, now or behind a power loss, and says what follows it: from
    // there on nothing of the file before would count.
    spoilt_ = true;
    return status;
  }
  file_ = std::move(file);
  spoilt_ = false;
  MutexLock lock(mu_);
  segments_.push_back({segment.number, segment.first, bytes.size()});
  return absl::OkStatus();
}

absl::Status IntakeLog::WriteNew(const OpenFile& file, const std::string& path,
                                 absl::string_view bytes) {
  DCP_RETURN_IF_ERROR(WriteAll(file, bytes, path));
  FaultPoint("intake.file_written");
  if (io_.Sync(file.fd()) != 0) return IoError(errno, "sync", path);
  DCP_RETURN_IF_ERROR(SyncEntries(io_, options_.directory));
  FaultPoint("intake.file_synced");
  return absl::OkStatus();
}

std::string IntakeLog::Snapshot() const {
  MutexLock lock(mu_);
  BlockHeader header;
  header.kind = BlockKind::kSnapshot;
  header.first = header.durable = next_;
  std::string block;
  PutBlock(header, LogSnapshot{id_high_, id_low_, sessions_}.ToBytes(), block);
  return block;
}

size_t IntakeLog::FilesBefore(uint64_t sequence) const {
  size_t files = 0;
  while (files + 1 < segments_.size() && segments_[files + 1].first <= sequence) ++files;
  return files;
}

void IntakeLog::ForgetBefore(uint64_t sequence) {
  {
    MutexLock lock(mu_);
    if (FilesBefore(sequence) == 0) return;
  }
  if (const absl::Status status = options_.before_deleting(); !status.ok()) {
    options_.log(absl::StrCat(options_.directory,
                              ": what is not needed any more stays for now: ", status.message()));
    return;
  }
  std::vector<uint64_t> numbers;
  {
    MutexLock lock(mu_);
    for (size_t files = FilesBefore(sequence); files > 0; --files) {
      numbers.push_back(segments_.front().number);
      segments_.erase(segments_.begin());
    }
    shrunk_.NotifyAll();
  }
  for (const uint64_t number : numbers) {
    const std::string path = PathOf(number);
    FaultPoint("intake.forgotten");
    if (io_.Remove(path) != 0) options_.log(IoError(errno, "delete", path).message());
    FaultPoint("intake.deleted");
  }
}

uint64_t IntakeLog::first() const {
  MutexLock lock(mu_);
  return segments_.front().first;
}

uint64_t IntakeLog::next() const {
  MutexLock lock(mu_);
  return next_;
}

uint64_t IntakeLog::bytes() const {
  MutexLock lock(mu_);
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

SessionState IntakeLog::session(absl::string_view id) const {
  MutexLock lock(mu_);
  return {sessions_.Last(id), sessions_.IsWriter(id)};
}

bool IntakeLog::WaitFor(uint64_t sequence) {
  MutexLock lock(mu_);
  while (next_ <= sequence && !interrupted_) grown_.Wait(mu_);
  return next_ > sequence;
}

bool IntakeLog::WaitForRoom(absl::Duration limit) {
  MutexLock lock(mu_);
  if (!interrupted_) shrunk_.WaitFor(mu_, limit);
  return !interrupted_;
}

void IntakeLog::Interrupt() {
  MutexLock lock(mu_);
  interrupted_ = true;
  grown_.NotifyAll();
  shrunk_.NotifyAll();
}

std::vector<IntakeLog::Segment> IntakeLog::segments() const {
  MutexLock lock(mu_);
  return segments_;
}

IntakeLog::Segment IntakeLog::Last() const {
  MutexLock lock(mu_);
  return segments_.back();
}

std::string IntakeLog::PathOf(uint64_t number) const {
  return SegmentPath(options_.directory, number);
}

}  // namespace dcp::collector
