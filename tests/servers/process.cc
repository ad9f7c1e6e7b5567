#include "tests/servers/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace dcp::test {
namespace {

// In the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void RunChild(pid_t parent, char* const* argv, int input, int output) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

absl::StatusOr<Process> Process::Start(const std::vector<std::string>& argv,
                                       const std::string& output) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const std::string& arg : argv) pointers.push_back(const_cast<char*>(arg.c_str()));
  pointers.push_back(nullptr);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  const pid_t pid = in >= 0 && out >= 0 ? fork() : -1;
  if (pid == 0) RunChild(parent, pointers.data(), in, out);
  const int error = errno;
  if (in >= 0) close(in);
  if (out >= 0) close(out);
  if (pid < 0) return absl::ErrnoToStatus(error, absl::StrCat("start ", argv[0], " > ", output));
  return Process(pid);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), wait_status_(other.wait_status_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(wait_status_, other.wait_status_);
  return *this;
}

Process::~Process() { Kill(); }

bool Process::running() {
  Reap(WNOHANG);
  return pid_ > 0 && !wait_status_.has_value();
}

void Process::Reap(int options) {
  if (pid_ <= 0 || wait_status_.has_value()) return;
  int status = 0;
  if (waitpid(pid_, &status, options) == pid_) wait_status_ = status;
}

absl::Status Process::Terminate(absl::Duration timeout) {
  if (!running()) return absl::OkStatus();
  kill(pid_, SIGTERM);
  const absl::Duration start = Clock::Real().Monotonic();
  while (running() && Clock::Real().Monotonic() - start < timeout) Pause(absl::Milliseconds(5));
  if (!running()) return absl::OkStatus();
  Kill();
  return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " did not end within ",
                                                  absl::FormatDuration(timeout),
                                                  " of SIGTERM and was killed"));
}

void Process::Kill() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  Reap(0);
}

void Pause(absl::Duration timeout) {
  poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
}

}  // namespace dcp::test
