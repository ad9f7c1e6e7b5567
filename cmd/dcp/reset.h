// What POST /reset does to the state: checks begin anew.
#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "config/config.h"
#include "state/state_store.h"

namespace dcp::cmd {

// Forgets the runs of `checks`, durably: they begin anew, and what lies behind the last verdict is
// `unverified`, reason "reset". Findings stay open. `state`: of no daemon that runs.
//   as of StateStore::Load and Append
absl::Status ForgetRuns(const config::Config& config, const std::set<std::string>& checks,
                        absl::Time now, state::StateStore& state);

}  // namespace dcp::cmd
