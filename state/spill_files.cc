#include "state/spill_files.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file_io.h"
#include "base/status.h"
#include "model/digest.h"

namespace dcp::state {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".spill";

// What stands before the bytes of a record.
struct RecordHead {
  uint64_t number = 0;
  uint64_t size = 0;
  model::Digest checksum;
};

model::Digest ChecksumOf(uint64_t number, absl::string_view bytes) {
  model::Digest sum = model::Xxh3(bytes);
  const uint64_t parts[] = {number, bytes.size(), sum.high, sum.low};
  return model::Xxh3(absl::string_view(reinterpret_cast<const char*>(parts), sizeof(parts)));
}

absl::Status WriteError(const std::string& path, int cause) {
  const std::string what = absl::StrCat("cannot write ", path, " (", std::strerror(cause), ")");
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(absl::StrCat(what, ": make room there"));
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
      return absl::FailedPreconditionError(
          absl::StrCat(what, ": give dcp the right to write there"));
    default:
      return absl::UnavailableError(absl::StrCat(what, ": look at the system's log"));
  }
}

std::optional<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace

class SpillFileStore final : public model::SpillStore {
 public:
  explicit SpillFileStore(SpillFiles* files) : files_(*files) {}
  ~SpillFileStore() override {
    for (const auto& [file, held] : held_) Remove(file, held);
  }

  absl::StatusOr<model::SpillTicket> Write(absl::string_view bytes) override {
    auto ticket = TryWrite(bytes);
    if (!ticket.ok()) ++files_.failures_;
    return ticket;
  }

  absl::StatusOr<std::string> Read(const model::SpillTicket& ticket) override {
    const std::string path = files_.PathOf(ticket.file);
    DCP_RETURN_IF_ERROR(OpenForReading(ticket.file, path));
    RecordHead head;
    std::string bytes(ticket.size, '\0');
    const ssize_t head_read =
        ReadAllAt(reading_, reinterpret_cast<char*>(&head), sizeof(head), ticket.offset);
    const ssize_t read =
        ReadAllAt(reading_, bytes.data(), bytes.size(), ticket.offset + sizeof(head));
    if (head_read < 0 || read < 0) {
      return absl::UnavailableError(absl::StrCat("cannot read ", path, " (", std::strerror(errno),
                                                 "): look at the system's log"));
    }
    const bool whole =
        static_cast<size_t>(head_read) == sizeof(head) && static_cast<size_t>(read) == bytes.size();
    if (!whole || head.number != ticket.number || head.size != ticket.size ||
        head.checksum != ChecksumOf(ticket.number, bytes)) {
      return absl::DataLossError(absl::StrCat(path, " at ", ticket.offset,
                                              " is not what dcp wrote there: a broken disk, or a "
                                              "file that was changed"));
    }
    ++files_.records_read_;
    files_.bytes_read_ += bytes.size();
    return bytes;
  }

  void Drop(const model::SpillTicket& ticket) override {
    const auto it = held_.find(ticket.file);
    if (it == held_.end() || --it->second.records > 0) return;
    if (ticket.file == writing_file_) return EndFile();
    Remove(it->first, it->second);
    held_.erase(it);
  }

 private:
  struct Held {
    uint64_t records = 0;  // not dropped
    uint64_t bytes = 0;
  };

  absl::StatusOr<model::SpillTicket> TryWrite(absl::string_view bytes) {
    const uint64_t size = sizeof(RecordHead) + bytes.size();
    DCP_RETURN_IF_ERROR(files_.CheckRoom(size));
    if (!writing_.open() || held_[writing_file_].bytes >= files_.options_.file_bytes) {
      DCP_RETURN_IF_ERROR(BeginFile());
    }
    Held& held = held_[writing_file_];
    model::SpillTicket ticket{files_.next_record_++, writing_file_, held.bytes, bytes.size()};
    const RecordHead head{ticket.number, bytes.size(), ChecksumOf(ticket.number, bytes)};
    const absl::string_view head_bytes(reinterpret_cast<const char*>(&head), sizeof(head));
    if (WriteAllAt(writing_, head_bytes, ticket.offset) != 0 ||
        WriteAllAt(writing_, bytes, ticket.offset + sizeof(head)) != 0) {
      return Undo(errno);
    }
    ++held.records;
    held.bytes += size;
    files_.bytes_now_ += size;
    ++files_.records_written_;
    files_.bytes_written_ += bytes.size();
    return ticket;
  }

  // What was written of a record takes no room; if that fails it is written over.
  absl::Status Undo(int error) {
    const std::string path = files_.PathOf(writing_file_);
    if (io().Truncate(writing_.fd(), held_[writing_file_].bytes) != 0) EndFile();
    return WriteError(path, error);
  }

  absl::Status BeginFile() {
    EndFile();
    const uint64_t file = files_.next_file_++;
    const std::string path = files_.PathOf(file);
    OpenFile opened(io(), path, O_RDWR | O_CREAT | O_EXCL);
    if (!opened.open()) return WriteError(path, errno);
    writing_ = std::move(opened);
    writing_file_ = file;
    held_[file] = {};
    return absl::OkStatus();
  }

  // Nothing more is written into it.
  void EndFile() {
    const uint64_t file = std::exchange(writing_file_, 0);
    writing_.Close();
    const auto it = held_.find(file);
    if (it == held_.end() || it->second.records > 0) return;
    Remove(it->first, it->second);
    held_.erase(it);
  }

  absl::Status OpenForReading(uint64_t file, const std::string& path) {
    if (reading_.open() && reading_file_ == file) return absl::OkStatus();
    OpenFile opened(io(), path, O_RDONLY);
    if (!opened.open() && (errno == EMFILE || errno == ENFILE)) {
      GiveDescriptorsBack();
      opened = OpenFile(io(), path, O_RDONLY);
    }
    if (!opened.open()) {
      const std::string what = absl::StrCat("cannot read ", path, " (", std::strerror(errno), ")");
      return errno == ENOENT ? absl::DataLossError(what) : absl::UnavailableError(what);
    }
    reading_ = std::move(opened);
    reading_file_ = file;
    return absl::OkStatus();
  }

  // To use them for what cannot wait: a segment that does not come back ends its check.
  void GiveDescriptorsBack() {
    reading_.Close();
    reading_file_ = 0;
    EndFile();
  }

  void Remove(uint64_t file, const Held& held) {
    if (reading_file_ == file) {
      reading_.Close();
      reading_file_ = 0;
    }
    io().Remove(files_.PathOf(file));  // what stays is removed at the next start
    files_.bytes_now_ -= held.bytes;
  }

  FileIo& io() const { return *files_.options_.io; }

  SpillFiles& files_;
  std::map<uint64_t, Held> held_;  // by file
  OpenFile writing_, reading_;
  uint64_t writing_file_ = 0, reading_file_ = 0;  // 0: none
};

absl::StatusOr<std::unique_ptr<SpillFiles>> SpillFiles::Open(Options options) {
  if (!options.free_bytes) options.free_bytes = FreeBytes;
  std::error_code error;
  fs::create_directory(options.dir, error);
  if (!fs::is_directory(options.dir, error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make ", options.dir, ": give dcp the right to write there"));
  }
  fs::permissions(options.dir, fs::perms::owner_all, error);
  for (const auto& entry : fs::directory_iterator(options.dir, error)) {
    if (!absl::EndsWith(entry.path().string(), kSuffix)) continue;
    fs::remove(entry.path(), error);
    if (error) {
      return absl::FailedPreconditionError(absl::StrCat("cannot remove ", entry.path().string(),
                                                        " (", error.message(),
                                                        "): give dcp the right to write there"));
    }
  }
  return std::unique_ptr<SpillFiles>(new SpillFiles(std::move(options)));
}

std::unique_ptr<model::SpillStore> SpillFiles::MakeStore() {
  return std::make_unique<SpillFileStore>(this);
}

SpillFiles::Counters SpillFiles::counters() const {
  return {records_written_, records_read_, bytes_written_, bytes_read_, bytes_now_, failures_};
}

std::string SpillFiles::PathOf(uint64_t file) const {
  return absl::StrCat(options_.dir, "/", file, kSuffix);
}

absl::Status SpillFiles::CheckRoom(uint64_t bytes) const {
  const std::optional<uint64_t> free = options_.free_bytes(options_.dir);
  if (!free || *free >= options_.reserve_bytes + bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "no room to write ", options_.dir, ": ", *free >> 20, " MiB are free, of which dcp leaves ",
      options_.reserve_bytes >> 20, " MiB to what must be stored; make room there"));
}

}  // namespace dcp::state
