// The work of `dcp check-config`, and the same check at the start of `dcp run`.
#pragma once

#include <ostream>

#include "cmd/dcp/command_line.h"
#include "config/config.h"

namespace dcp::cmd {

// Returns the exit status.
int CheckConfig(const CheckConfigCommand& command);

// Connects; writes one line per warning and problem. False if there is a problem.
bool ServersAreFit(const config::Config& config, std::ostream& messages);

}  // namespace dcp::cmd
