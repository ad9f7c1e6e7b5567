#include "collector/grpc/intake_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::collector {

absl::Status IoError(int error, absl::string_view what, absl::string_view path) {
  const std::string text =
      absl::StrCat("cannot ", what, " ", path, ": ", std::generic_category().message(error));
  const bool no_room =
      error == ENOSPC || error == EDQUOT || error == EFBIG || error == EMFILE || error == ENFILE;
  return no_room ? absl::ResourceExhaustedError(text) : absl::UnavailableError(text);
}

absl::Status WriteAll(const OpenFile& file, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = file.io().Write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError(errno, "write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAt(const OpenFile& file, uint64_t offset, size_t size,
                                   absl::string_view path) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        file.io().ReadAt(file.fd(), bytes.data() + done, size - done, offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return IoError(errno, "read", path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

absl::StatusOr<uint64_t> FileSize(const OpenFile& file, absl::string_view path) {
  const int64_t size = file.io().Size(file.fd());
  if (size < 0) return IoError(errno, "look at", path);
  return static_cast<uint64_t>(size);
}

absl::Status WriteAgain(FileIo& io, const std::string& path, uint64_t from, uint64_t to) {
  constexpr uint64_t kPiece = uint64_t{1} << 20;
  const OpenFile file(io, path, O_RDWR);
  if (!file.open()) return IoError(errno, "open", path);
  while (from < to) {
    DCP_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadAt(file, from, std::min(kPiece, to - from), path));
    const ssize_t written = io.WriteAt(file.fd(), bytes.data(), bytes.size(), from);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return IoError(errno, "write", path);
    from += static_cast<uint64_t>(written);
  }
  if (io.Sync(file.fd()) != 0) return IoError(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status SyncEntries(FileIo& io, const std::string& directory) {
  if (SyncDirectory(io, directory) != 0) return IoError(errno, "sync", directory);
  return absl::OkStatus();
}

}  // namespace dcp::collector
