// The work of `dcp check-config`, and the same check at the start of `dcp run`.
#pragma once

#include <optional>
#include <ostream>

#include "cmd/dcp/command_line.h"
#include "cmd/dcp/inspect.h"
#include "config/config.h"

namespace dcp::cmd {

// Returns the exit status.
int CheckConfig(const CheckConfigCommand& command);

// Connects; writes one line per warning and problem. None if there is a problem.
std::optional<Inspection> InspectServers(const config::Config& config, std::ostream& messages);

}  // namespace dcp::cmd
