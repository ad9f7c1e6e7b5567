#include "alarm/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::alarm {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
};

absl::Status Unavailable(const std::string& command, const char* what, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot run '", command, "': ", what, ": ", std::strerror(error)));
}

bool Open(Pipe& pipe_ends) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe_ends = {ends[0], ends[1]};
  return true;
}

void Close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What a child inherits and what not.
class Attributes {
 public:
  Attributes(int in, int out) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~Attributes() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  int Spawn(const ChildProcess::Options& options, pid_t* pid) const {
    const std::vector<char*> arguments = Pointers(options.command);
    const std::vector<char*> environment = Pointers(options.environment);
    return posix_spawnp(pid, arguments[0], &actions_, &attributes_, arguments.data(),
                        environment.data());
  }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(Options options) {
  const std::string command = options.command[0];
  Pipe in, out;
  int error = 0;
  pid_t pid = -1;
  if (!Open(in) || !Open(out)) {
    error = errno;
  } else {
    error = Attributes(in.read_end, out.write_end).Spawn(options, &pid);
  }
  Close(in.read_end);
  Close(out.write_end);
  if (error != 0) {
    Close(in.write_end);
    Close(out.read_end);
    return Unavailable(command, "starting it", error);
  }
  SetNonBlocking(in.write_end);
  SetNonBlocking(out.read_end);
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(std::move(options), pid, in.write_end, out.read_end));
}

ChildProcess::ChildProcess(Options options, pid_t pid, int input, int output)
    : options_(std::move(options)), pid_(pid), input_(input), output_fd_(output) {}

ChildProcess::~ChildProcess() {
  CloseInput();
  if (!wait_status_) {
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  Close(output_fd_);
}

void ChildProcess::CloseInput() { Close(input_); }

void ChildProcess::Feed() {
  const ssize_t written = write(input_, options_.input.data() + fed_, options_.input.size() - fed_);
  if (written > 0) fed_ += static_cast<size_t>(written);
  // A command need not read all of it.
  const bool broken = written < 0 && errno != EAGAIN && errno != EINTR;
  if (broken || fed_ == options_.input.size()) CloseInput();
}

void ChildProcess::Read() {
  char buffer[4096];
  const ssize_t got = read(output_fd_, buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Close(output_fd_);
  const size_t room = options_.max_output - output_.size();
  const size_t taken = std::min(room, static_cast<size_t>(got));
  output_.append(buffer, taken);
  output_cut_ = output_cut_ || taken < static_cast<size_t>(got);
}

// The group is killed before its number may be given to others.
bool ChildProcess::Reap() {
  siginfo_t info = {};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return false;
  }
  kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  wait_status_ = status;
  while (output_fd_ >= 0) {  // what it wrote last
    struct pollfd ready = {.fd = output_fd_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) break;
    Read();
  }
  return true;
}

bool ChildProcess::Pump(absl::Duration patience) {
  if (wait_status_ || Reap()) return true;
  struct pollfd waits[2] = {{.fd = input_, .events = POLLOUT, .revents = 0},
                            {.fd = output_fd_, .events = POLLIN, .revents = 0}};
  poll(waits, 2, static_cast<int>(absl::ToInt64Milliseconds(patience)));
  if (waits[0].revents != 0) Feed();
  if (waits[1].revents != 0) Read();
  return Reap();
}

void ChildProcess::Signal(int signal) {
  if (!wait_status_) kill(-pid_, signal);
}

std::string ChildProcess::Failure() const {
  const int status = *wait_status_;
  if (WIFEXITED(status)) {
    return WEXITSTATUS(status) == 0 ? "" : absl::StrCat("exit status ", WEXITSTATUS(status));
  }
  return absl::StrCat("signal ", WTERMSIG(status));
}

}  // namespace dcp::alarm
