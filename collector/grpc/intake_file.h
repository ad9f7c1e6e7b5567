// The few things that an IntakeLog does to files, so that a test can let them fail.
//
// Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::collector {

class IntakeIo {
 public:
  virtual ~IntakeIo() = default;

  // As write(2) and fdatasync(2): -1, and errno.
  virtual ssize_t Write(int fd, const char* bytes, size_t size);
  virtual int Sync(int fd);

  static IntakeIo& Real();
};

// What errno says of `what`: kResourceExhausted where there is no room (disk, quota, file
// size, descriptors), else kUnavailable.
absl::Status IoError(int error, absl::string_view what, absl::string_view path);

// FileDescriptor: closes it.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_;
};

// Writes all of `bytes` behind what the file holds.
absl::Status WriteAll(IntakeIo& io, int fd, absl::string_view bytes, absl::string_view path);
// Up to `size` bytes from `offset`; fewer at the end of the file.
absl::StatusOr<std::string> ReadAt(int fd, uint64_t offset, size_t size, absl::string_view path);
absl::StatusOr<uint64_t> FileSize(int fd, absl::string_view path);
// What was created in and removed from `directory` is on disk.
absl::Status SyncDirectory(IntakeIo& io, const std::string& directory);

}  // namespace dcp::collector
