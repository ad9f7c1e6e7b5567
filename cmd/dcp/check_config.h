// The work of `dcp check-config`.
#pragma once

#include "cmd/dcp/command_line.h"

namespace dcp::cmd {

// Returns the exit status.
int CheckConfig(const CheckConfigCommand& command);

}  // namespace dcp::cmd
