#include "cmd/dcp/push.h"

#include <iostream>

#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/push_client.h"

namespace dcp::cmd {

int PushStdin(const PushCommand& command) {
  PushOptions options;
  options.channel = command.channel;
  options.tag = command.tag;
  options.session = command.session;
  const PushResult result = Push(options, std::cin, std::cerr, Clock::Real());
  const bool connected = result.status.ok() || result.sent + result.bad_lines > 0;
  if (connected) {
    std::cerr << "dcp: sent " << result.sent << ", acknowledged " << result.acknowledged
              << ", refused " << result.refused << ", bad lines " << result.bad_lines << "\n";
  }
  if (result.status.ok()) return kExitOk;
  std::cerr << "dcp: error: " << result.status.message() << "\n";
  return kExitError;
}

}  // namespace dcp::cmd
