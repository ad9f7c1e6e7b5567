// Term: a time in which this dcp, of several that take turns, is the active one.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "barrier/leader.h"
#include "config/config.h"
#include "state/state_store.h"

namespace dcp::cmd {

struct DaemonTerm {
  barrier::Leader* leader = nullptr;  // outlives the daemon
  barrier::Leader::Term term;
  // Of each [[barrier]].
  std::function<std::vector<barrier::BarrierStatus>()> barriers;
};

// Makes the state directory what the term begins with: what was handed over, where that is further;
// and nothing of pushed tags that another dcp has fed meanwhile. `state` is that of the directory.
//   as of StateStore::Load and Append
//   kUnavailable  the directory cannot be written
absl::Status BeginTerm(const config::Config& config, const barrier::Leader::Term& term,
                       absl::Time now, state::StateStore& state);

}  // namespace dcp::cmd
