// The work of `dcp repair`.
#pragma once

#include "cmd/dcp/command_line.h"
#include "cmd/dcp/stop_signal.h"

namespace dcp::cmd {

// Returns the exit status: a sum of VerifyStatus, or kExitConfig.
int Repair(const RepairCommand& command, StopSignal& stop);

}  // namespace dcp::cmd
