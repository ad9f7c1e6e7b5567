#include "base/file_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "base/fault_point.h"

namespace dcp {
namespace {

// 0; -1 and errno.
int WriteWhole(absl::string_view bytes, absl::FunctionRef<ssize_t(absl::string_view)> write) {
  while (!bytes.empty()) {
    const ssize_t written = write(bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    if (written == 0) {
      errno = ENOSPC;
      return -1;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

int FileIo::Open(const std::string& path, int flags, mode_t mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}

void FileIo::Close(int fd) { ::close(fd); }

ssize_t FileIo::Write(int fd, const char* bytes, size_t size) { return ::write(fd, bytes, size); }

ssize_t FileIo::WriteAt(int fd, const char* bytes, size_t size, uint64_t offset) {
  return ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
}

ssize_t FileIo::ReadAt(int fd, char* bytes, size_t size, uint64_t offset) {
  return ::pread(fd, bytes, size, static_cast<off_t>(offset));
}

int FileIo::Sync(int fd) { return ::fdatasync(fd); }

int FileIo::Truncate(int fd, uint64_t size) { return ::ftruncate(fd, static_cast<off_t>(size)); }

int64_t FileIo::Size(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_size : -1;
}

int FileIo::Lock(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB); }

int FileIo::Remove(const std::string& path) { return ::unlink(path.c_str()); }

int FileIo::Rename(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str());
}

int FileIo::List(const std::string& directory, std::vector<std::string>* names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (dir == nullptr) return -1;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) names->emplace_back(entry->d_name);
  return errno == 0 ? 0 : -1;
}

std::error_code FileIo::MakeDirectories(const std::string& path, bool* made) {
  std::error_code error;
  *made = std::filesystem::create_directories(path, error);
  return error;
}

std::error_code FileIo::SetMode(const std::string& path, mode_t mode) {
  std::error_code error;
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode), error);
  return error;
}

int64_t FileIo::SizeOf(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

pid_t FileIo::ProcessId() { return ::getpid(); }

FileIo& FileIo::Real() {
  static FileIo io;
  return io;
}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  if (this == &other) return *this;
  Close();
  io_ = other.io_;
  fd_ = other.Release();
  return *this;
}

int OpenFile::Release() { return std::exchange(fd_, -1); }

void OpenFile::Close() {
  if (fd_ >= 0) io_->Close(Release());
}

int WriteAll(const OpenFile& file, absl::string_view bytes) {
  return WriteWhole(bytes, [&](absl::string_view rest) {
    return file.io().Write(file.fd(), rest.data(), rest.size());
  });
}

int WriteAllAt(const OpenFile& file, absl::string_view bytes, uint64_t offset) {
  return WriteWhole(bytes, [&](absl::string_view rest) {
    const uint64_t done = bytes.size() - rest.size();
    return file.io().WriteAt(file.fd(), rest.data(), rest.size(), offset + done);
  });
}

ssize_t ReadAllAt(const OpenFile& file, char* bytes, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = file.io().ReadAt(file.fd(), bytes + done, size - done, offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

int ReplaceFile(FileIo& io, const std::string& path, absl::string_view bytes, mode_t mode) {
  const std::string unfinished = path + ".new";
  {
    const OpenFile file(io, unfinished, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!file.open() || WriteAll(file, bytes) != 0 || io.Sync(file.fd()) != 0) return -1;
  }
  FaultPoint("file.written");
  if (io.Rename(unfinished, path) != 0) return -1;
  FaultPoint("file.named");
  return 0;
}

int SyncDirectory(FileIo& io, const std::string& directory) {
  const OpenFile opened(io, directory, O_RDONLY | O_DIRECTORY);
  return opened.open() ? io.Sync(opened.fd()) : -1;
}

}  // namespace dcp
