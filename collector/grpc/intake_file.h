// What an IntakeLog does to files, with errors for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_io.h"

namespace dcp::collector {

// What errno says of `what`: kResourceExhausted where there is no room (disk, quota, file
// size, descriptors), else kUnavailable.
absl::Status IoError(int error, absl::string_view what, absl::string_view path);

// Writes all of `bytes` behind what the file holds.
absl::Status WriteAll(const OpenFile& file, absl::string_view bytes, absl::string_view path);
// Up to `size` bytes from `offset`; fewer at the end of the file.
absl::StatusOr<std::string> ReadAt(const OpenFile& file, uint64_t offset, size_t size,
                                   absl::string_view path);
absl::StatusOr<uint64_t> FileSize(const OpenFile& file, absl::string_view path);
// Writes what stands there from `from` to `to` once more, where it stands, and syncs it: a sync
// that failed before may have left it in memory only, and no later one would notice.
absl::Status WriteAgain(FileIo& io, const std::string& path, uint64_t from, uint64_t to);
// What was created in and removed from `directory` is on disk.
absl::Status SyncEntries(FileIo& io, const std::string& directory);

}  // namespace dcp::collector
