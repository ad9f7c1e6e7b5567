#include "state/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/fault_point.h"

namespace dcp::state {
namespace {

std::string HolderOf(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  const absl::string_view pid = absl::StripAsciiWhitespace(
      absl::string_view(text.data(), size > 0 ? static_cast<size_t>(size) : 0));
  return pid.empty() ? "another process" : absl::StrCat("process ", pid);
}

}  // namespace

absl::StatusOr<LockFile> LockFile::Acquire(const std::string& path) {
  LockFile lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", path, " (", std::strerror(errno),
                     "): give dcp the right to write its directory, or name another one with "
                     "dir in [state]"));
  }
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    if (cause == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is held by ", HolderOf(lock.fd_),
                       ": one dcp at a time works with a state directory; stop it, or give this "
                       "one another dir in [state]"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("cannot lock ", path, " (", std::strerror(cause),
                     "): name a directory of a local file system with dir in [state]"));
  }
  // For the reader of the message above only: a full disk does not matter.
  const std::string pid = absl::StrCat(getpid(), "\n");
  FaultPoint("state.locked");
  if (ftruncate(lock.fd_, 0) != 0 || pwrite(lock.fd_, pid.data(), pid.size(), 0) < 0) return lock;
  return lock;
}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace dcp::state
