#include "cmd/dcp/colours.h"

#include <unistd.h>

#include <cstdlib>

namespace dcp::cmd {

Colours Colours::OfStandardOutput() {
  const char* const none = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && absl::string_view(terminal) == "dumb";
  return Colours((none == nullptr || *none == '\0') && !dumb && isatty(STDOUT_FILENO) == 1);
}

}  // namespace dcp::cmd
