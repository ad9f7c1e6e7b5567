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
  if (dcp::WriteAll(file, bytes) != 0) return IoError(errno, "write", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAt(const OpenFile& file, uint64_t offset, size_t size,
                                   absl::string_view path) {
  std::string bytes(size, '\0');
  const ssize_t got = ReadAllAt(file, bytes.data(), size, offset);
  if (got < 0) return IoError(errno, "read", path);
  bytes.resize(static_cast<size_t>(got));
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
    if (WriteAllAt(file, bytes, from) != 0) return IoError(errno, "write", path);
    from += bytes.size();
  }
  if (io.Sync(file.fd()) != 0) return IoError(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status SyncEntries(FileIo& io, const std::string& directory) {
  if (SyncDirectory(io, directory) != 0) return IoError(errno, "sync", directory);
  return absl::OkStatus();
}

}  // namespace dcp::collector
