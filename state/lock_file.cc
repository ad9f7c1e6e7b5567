#include "state/lock_file.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/fault_point.h"

namespace dcp::state {
namespace {

std::string HolderOf(const OpenFile& file) {
  std::array<char, 32> text{};
  const ssize_t size = file.io().ReadAt(file.fd(), text.data(), text.size(), 0);
  const absl::string_view pid = absl::StripAsciiWhitespace(
      absl::string_view(text.data(), size > 0 ? static_cast<size_t>(size) : 0));
  return pid.empty() ? "another process" : absl::StrCat("process ", pid);
}

}  // namespace

absl::StatusOr<LockFile> LockFile::Acquire(FileIo& io, const std::string& path) {
  LockFile lock(OpenFile(io, path, O_RDWR | O_CREAT));
  if (!lock.file_.open()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", path, " (", std::strerror(errno),
                     "): give dcp the right to write its directory, or name another one with "
                     "dir in [state]"));
  }
  if (io.Lock(lock.file_.fd()) != 0) {
    const int cause = errno;
    if (cause == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is held by ", HolderOf(lock.file_),
                       ": one dcp at a time works with a state directory; stop it, or give this "
                       "one another dir in [state]"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("cannot lock ", path, " (", std::strerror(cause),
                     "): name a directory of a local file system with dir in [state]"));
  }
  // For the reader of the message above only: a full disk does not matter.
  const std::string pid = absl::StrCat(io.ProcessId(), "\n");
  FaultPoint("state.locked");
  if (io.Truncate(lock.file_.fd(), 0) != 0) return lock;
  if (io.Write(lock.file_.fd(), pid.data(), pid.size()) < 0) return lock;
  return lock;
}

}  // namespace dcp::state
