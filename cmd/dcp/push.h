// The work of `dcp push`.
#pragma once

#include "cmd/dcp/command_line.h"

namespace dcp::cmd {

// Sends standard input. Returns the exit status.
int PushStdin(const PushCommand& command);

}  // namespace dcp::cmd
