// Process: a child that does not outlive this program, not even when this program is killed.
//
// Thread-compatible. The child also ends when the *thread* that started it ends, so start it from
// one that lives as long as the child is needed.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dcp::test {

class Process {
 public:
  // Runs argv[0] with an empty standard input and both outputs appended to the file `output`.
  // That the program cannot be run shows as exit status 127.
  static absl::StatusOr<Process> Start(const std::vector<std::string>& argv,
                                       const std::string& output);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  // Kills and reaps the child.
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();

  // What waitpid(2) said, once the child has ended.
  std::optional<int> wait_status() const { return wait_status_; }

  // Sends SIGTERM and waits for the end; after `timeout` SIGKILL.
  //   kDeadlineExceeded  it had to be killed
  absl::Status Terminate(absl::Duration timeout);

  // Ends it at once, as a crash of its own would.
  void Kill();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  void Reap(int options);

  pid_t pid_;
  std::optional<int> wait_status_;
};

// Lets `timeout` pass, for loops that wait for a condition of another process.
void Pause(absl::Duration timeout);

}  // namespace dcp::test
