#include "alarm/file_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"

namespace dcp::alarm {
namespace {

// Between two looks at interrupted_.
constexpr int kPollMillis = 50;

// True if the regular file `path` of `size` bytes does not end with a line end.
bool EndsTorn(const std::string& path, off_t size) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;  // it may only be written to
  char last = '\n';
  const bool torn = size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
  close(fd);
  return torn;
}

}  // namespace

FileSink::FileSink(Options options) : options_(std::move(options)) {}

FileSink::~FileSink() { Close(); }

std::string FileSink::name() const {
  return standard_output() ? "standard output" : absl::StrCat("file ", options_.path);
}

absl::Status FileSink::Failure(const char* what) const {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", name(), ": ", strerror(errno)));
}

absl::Status FileSink::OpenStandardOutput() {
  struct stat info = {};
  if (fstat(STDOUT_FILENO, &info) != 0) return Failure("use");
  fd_ = STDOUT_FILENO;
  regular_ = S_ISREG(info.st_mode);
  return absl::OkStatus();
}

absl::Status FileSink::OpenFile() {
  // O_NONBLOCK: a FIFO without a reader is an error, not a wait.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  fd_ = open(options_.path.c_str(), flags, 0640);
  if (fd_ < 0) return Failure("open");
  struct stat info = {};
  if (fstat(fd_, &info) != 0) return Failure("use");
  regular_ = S_ISREG(info.st_mode);
  torn_ = regular_ && EndsTorn(options_.path, info.st_size);
  return absl::OkStatus();
}

absl::Status FileSink::Open() {
  if (fd_ >= 0) return absl::OkStatus();
  return standard_output() ? OpenStandardOutput() : OpenFile();
}

void FileSink::Close() {
  if (fd_ >= 0 && !standard_output()) close(fd_);
  fd_ = -1;
}

bool FileSink::Moved() const {
  struct stat open_file = {}, named = {};
  if (stat(options_.path.c_str(), &named) != 0) return true;
  if (fstat(fd_, &open_file) != 0) return true;
  return open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev;
}

absl::Status FileSink::Rotate() {
  const auto numbered = [this](uint32_t n) { return absl::StrCat(options_.path, ".", n); };
  for (uint32_t n = std::max<uint32_t>(options_.keep, 1); n > 1; --n) {
    const int result = rename(numbered(n - 1).c_str(), numbered(n).c_str());
    if (result != 0 && errno != ENOENT) return Failure("rotate");
  }
  FaultPoint("file_sink.numbered");
  if (rename(options_.path.c_str(), numbered(1).c_str()) != 0) return Failure("rotate");
  FaultPoint("file_sink.moved");
  Close();
  DCP_RETURN_IF_ERROR(OpenFile());
  FaultPoint("file_sink.made");
  return absl::OkStatus();
}

absl::Status FileSink::Deliver(const Alarm& alarm) {
  if (fd_ >= 0 && !standard_output() && Moved()) Close();
  if (absl::Status status = Open(); !status.ok()) return status;
  const std::string line = absl::StrCat(alarm.json, "\n");
  if (regular_ && !standard_output()) {
    struct stat info = {};
    if (fstat(fd_, &info) != 0) return Failure("use");
    const auto size = static_cast<uint64_t>(info.st_size);
    if (size > 0 && size + line.size() > options_.max_bytes) {
      if (absl::Status status = Rotate(); !status.ok()) return status;
    }
  }
  return WriteLine(torn_ ? absl::StrCat("\n", line) : line);
}

absl::Status FileSink::WriteLine(const std::string& line) {
  return regular_ ? WriteOnce(line) : WriteInPieces(line);
}

void FileSink::NoteWritten(const std::string& line, size_t size) {
  if (size > 0) torn_ = line[size - 1] != '\n';
}

absl::Status FileSink::WriteOnce(const std::string& line) {
  ssize_t written = -1;
  do {
    written = write(fd_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) return Failure("write to");
  NoteWritten(line, static_cast<size_t>(written));
  if (static_cast<size_t>(written) == line.size()) return absl::OkStatus();
  errno = ENOSPC;  // the only reason that a regular file takes a part
  return Failure("write to");
}

absl::Status FileSink::AwaitRoom(absl::Duration patience) {
  for (int64_t left = absl::ToInt64Milliseconds(patience); left > 0; left -= kPollMillis) {
    if (interrupted_.load()) return absl::CancelledError(absl::StrCat(name(), " is full"));
    struct pollfd room = {.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&room, 1, kPollMillis) > 0) return absl::OkStatus();
  }
  return absl::DeadlineExceededError(absl::StrCat(
      name(), " takes nothing: nobody reads it (waited ", absl::FormatDuration(patience), ")"));
}

// A pipe with room takes PIPE_BUF bytes at once without blocking.
absl::Status FileSink::WriteInPieces(const std::string& line) {
  for (size_t done = 0; done < line.size();) {
    if (absl::Status status = AwaitRoom(options_.patience); !status.ok()) return status;
    const size_t piece = std::min<size_t>(line.size() - done, PIPE_BUF);
    const ssize_t written = write(fd_, line.data() + done, piece);
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      const absl::Status failure = Failure("write to");
      Close();  // a FIFO may find a new reader
      return failure;
    }
    if (written > 0) done += static_cast<size_t>(written);
    NoteWritten(line, done);
  }
  return absl::OkStatus();
}

}  // namespace dcp::alarm
