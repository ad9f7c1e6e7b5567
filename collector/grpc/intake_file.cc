#include "collector/grpc/intake_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::collector {

ssize_t IntakeIo::Write(int fd, const char* bytes, size_t size) { return ::write(fd, bytes, size); }

int IntakeIo::Sync(int fd) { return ::fdatasync(fd); }

IntakeIo& IntakeIo::Real() {
  static IntakeIo io;
  return io;
}

absl::Status IoError(int error, absl::string_view what, absl::string_view path) {
  const std::string text =
      absl::StrCat("cannot ", what, " ", path, ": ", std::generic_category().message(error));
  const bool no_room =
      error == ENOSPC || error == EDQUOT || error == EFBIG || error == EMFILE || error == ENFILE;
  return no_room ? absl::ResourceExhaustedError(text) : absl::UnavailableError(text);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

void FileDescriptor::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

absl::Status WriteAll(IntakeIo& io, int fd, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = io.Write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError(errno, "write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAt(int fd, uint64_t offset, size_t size, absl::string_view path) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return IoError(errno, "read", path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

absl::StatusOr<uint64_t> FileSize(int fd, absl::string_view path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return IoError(errno, "look at", path);
  return static_cast<uint64_t>(status.st_size);
}

absl::Status SyncDirectory(IntakeIo& io, const std::string& directory) {
  const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open() || io.Sync(fd.get()) != 0) return IoError(errno, "sync", directory);
  return absl::OkStatus();
}

}  // namespace dcp::collector
