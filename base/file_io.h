// FileIo: what dcp does to the files it keeps, so that a test can own the disk.
//
// As POSIX: -1 and errno, unless said otherwise. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp {

class FileIo {
 public:
  virtual ~FileIo() = default;

  // `flags` of open(2); O_CLOEXEC is added. Directories can be opened to be synced.
  virtual int Open(const std::string& path, int flags, mode_t mode = 0600);
  virtual void Close(int fd);
  // Behind what the file holds when it was opened with O_APPEND, else behind the last write.
  virtual ssize_t Write(int fd, const char* bytes, size_t size);
  // Of a file that was opened without O_APPEND.
  virtual ssize_t WriteAt(int fd, const char* bytes, size_t size, uint64_t offset);
  virtual ssize_t ReadAt(int fd, char* bytes, size_t size, uint64_t offset);
  virtual int Sync(int fd);  // fdatasync(2)
  virtual int Truncate(int fd, uint64_t size);
  virtual int64_t Size(int fd);
  // Without waiting; ends with the descriptor and the process. EWOULDBLOCK: another has it.
  virtual int Lock(int fd);

  virtual int Remove(const std::string& path);
  virtual int Rename(const std::string& from, const std::string& to);
  // Of all that is in it.
  virtual int List(const std::string& directory, std::vector<std::string>* names);
  // With those above it. `made`: it was not there.
  virtual std::error_code MakeDirectories(const std::string& path, bool* made);
  virtual std::error_code SetMode(const std::string& path, mode_t mode);
  // Of the file at `path`; -1 and ENOENT: there is none.
  virtual int64_t SizeOf(const std::string& path);

  // Of the process that does all this: it is written into files.
  virtual pid_t ProcessId();

  static FileIo& Real();
};

// An open file or directory: closed in the end.
class OpenFile {
 public:
  OpenFile() = default;
  // Check open().
  OpenFile(FileIo& io, const std::string& path, int flags, mode_t mode = 0600)
      : io_(&io), fd_(io.Open(path, flags, mode)) {}
  // Takes `fd` over.
  OpenFile(FileIo& io, int fd) : io_(&io), fd_(fd) {}
  ~OpenFile() { Close(); }
  OpenFile(OpenFile&& other) noexcept : io_(other.io_), fd_(other.Release()) {}
  OpenFile& operator=(OpenFile&& other) noexcept;

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  FileIo& io() const { return *io_; }
  void Close();

 private:
  int Release();

  FileIo* io_ = &FileIo::Real();
  int fd_ = -1;
};

// All of `bytes`, as Write() and WriteAt() put them. 0; -1 and errno: a part of it may be there.
int WriteAll(const OpenFile& file, absl::string_view bytes);
int WriteAllAt(const OpenFile& file, absl::string_view bytes, uint64_t offset);
// `size` bytes from `offset`; fewer at the end of the file.
ssize_t ReadAllAt(const OpenFile& file, char* bytes, size_t size, uint64_t offset);

// What was created in, renamed to and removed from `directory` is on disk.
int SyncDirectory(FileIo& io, const std::string& directory);

// `path` holds `bytes`, on disk, or what it held before: they are written to `path`.new, synced and
// renamed.
int ReplaceFile(FileIo& io, const std::string& path, absl::string_view bytes, mode_t mode = 0600);

}  // namespace dcp
