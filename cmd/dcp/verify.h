// The work of `dcp verify`.
#pragma once

#include <string>

#include "cmd/dcp/command_line.h"
#include "cmd/dcp/stop_signal.h"
#include "config/config.h"
#include "verifier/verification.h"

namespace dcp::cmd {

// Returns the exit status: a sum of VerifyStatus, or kExitConfig.
int Verify(const VerifyCommand& command, StopSignal& stop);

// Null, and said on standard error: there is no such job.
const config::JobOptions* FindJob(const config::Config& config, const std::string& name);

verifier::VerificationOptions ToVerificationOptions(const config::JobOptions& job);

}  // namespace dcp::cmd
