// The work of `dcp run`.
#pragma once

#include "cmd/dcp/command_line.h"
#include "cmd/dcp/stop_signal.h"

namespace dcp::cmd {

// Until `stop`. Returns the exit status.
int Run(const RunCommand& command, StopSignal& stop);

}  // namespace dcp::cmd
