#include "base/fault_point.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp {
namespace {

struct Armed {
  std::string name;  // constant once is_armed
  std::atomic<int64_t> left{1};
};

Armed& TheArmed() {
  static Armed* const armed = new Armed;
  return *armed;
}

}  // namespace

namespace fault_internal {

std::atomic<bool> is_armed{false};

void Reach(absl::string_view name) {
  Armed& armed = TheArmed();
  if (name != armed.name || --armed.left != 0) return;
  ::kill(::getpid(), SIGKILL);
  ::_exit(1);
}

}  // namespace fault_internal

absl::Status ArmFaultPoint(absl::string_view point) {
  const std::vector<std::string> parts = absl::StrSplit(point, ':');
  int64_t times = 1;
  const bool numbered = parts.size() == 2 && absl::SimpleAtoi(parts[1], &times) && times > 0;
  if (parts[0].empty() || (parts.size() != 1 && !numbered)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", point, "' is no fault point: it must be NAME or NAME:N"));
  }
  TheArmed().name = parts[0];
  TheArmed().left = times;
  fault_internal::is_armed = true;
  return absl::OkStatus();
}

}  // namespace dcp
