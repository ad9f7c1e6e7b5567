#include "tests/cmd/process_memory.h"

#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/cmd/dcp_process.h"

namespace dcp::test {

uint64_t KilobytesOf(pid_t pid, const std::string& what) {
  std::istringstream lines(ReadFile(absl::StrCat("/proc/", pid, "/status")));
  uint64_t kilobytes = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!absl::StartsWith(line, what)) continue;
    std::istringstream words(line.substr(what.size() + 1));
    words >> kilobytes;
  }
  return kilobytes;
}

}  // namespace dcp::test
