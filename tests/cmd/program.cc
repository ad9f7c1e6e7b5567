#include "tests/cmd/program.h"

#include <sys/wait.h>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"

namespace dcp::test {

// The shell is replaced by the program, whose input and arguments it only puts in place.
absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& argv,
                                         const std::string& input, absl::Duration timeout) {
  const TestDir dir("dcp-input");
  WriteFile(dir / "input", input);
  std::vector<std::string> shell = {"/bin/sh", "-c", "exec \"$@\" < \"$0\"", dir / "input"};
  shell.insert(shell.end(), argv.begin(), argv.end());
  DCP_ASSIGN_OR_RETURN(Process process, Process::Start(shell, dir / "output"));
  const absl::Duration end = Clock::Real().Monotonic() + timeout;
  while (process.running()) {
    if (Clock::Real().Monotonic() > end) {
      return absl::DeadlineExceededError(
          absl::StrCat(argv[0], " did not end; it said: ", ReadFile(dir / "output")));
    }
    Pause(absl::Milliseconds(10));
  }
  const int status = process.wait_status().value_or(-1);
  return ProgramResult{WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadFile(dir / "output")};
}

}  // namespace dcp::test
