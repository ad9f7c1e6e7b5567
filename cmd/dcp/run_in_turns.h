// The work of `dcp run` with [ha]: one of several dcp is active, the others are standby.
#pragma once

#include "cmd/dcp/inspect.h"
#include "cmd/dcp/stop_signal.h"
#include "config/config.h"

namespace dcp::cmd {

// Until `stop`. Returns the exit status. REQUIRES: config.ha
int RunInTurns(const config::Config& config, const Inspection& inspection, StopSignal& stop);

}  // namespace dcp::cmd
