#include "cmd/dcp/binlog_output.h"

#include <poll.h>
#include <unistd.h>

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

}  // namespace

// For descriptors that do not block.
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
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      DCP_RETURN_IF_ERROR(AwaitWritable());
    } else if (errno != EINTR) {
      return WriteError(errno);
    } else if (stop_) {
      return absl::CancelledError("stopped while the output was blocked");
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
