#include "cmd/dcp/binlog_output.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

constexpr int kPollMilliseconds = 200;

absl::Status WriteError(int error) {
  if (error == EPIPE) return absl::CancelledError("nobody reads the output any more");
  const absl::StatusCode code =
      error == ENOSPC ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnknown;
  return absl::Status(code, absl::StrCat("cannot write the output: ", std::strerror(error)));
}

bool IsRegularFile(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

BinlogOutput::BinlogOutput(int fd, const std::atomic<bool>& stop)
    : fd_(fd), chunk_(IsRegularFile(fd) ? size_t{SSIZE_MAX} : size_t{PIPE_BUF}), stop_(stop) {}

absl::Status BinlogOutput::AwaitWritable() const {
  pollfd wait = {fd_, POLLOUT, 0};
  while (poll(&wait, 1, kPollMilliseconds) <= 0) {
    if (stop_) return absl::CancelledError("stopped while the output was blocked");
  }
  return absl::OkStatus();
}

absl::Status BinlogOutput::Flush() {
  absl::string_view rest = buffer_;
  while (!rest.empty()) {
    DCP_RETURN_IF_ERROR(AwaitWritable());
    const ssize_t written = write(fd_, rest.data(), std::min(rest.size(), chunk_));
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      return WriteError(errno);
    }
  }
  buffer_.clear();
  return absl::OkStatus();
}

bool BinlogOutput::ReaderIsGone() const {
  pollfd state = {fd_, 0, 0};
  return poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace dcp::cmd
