// Handover: what an active dcp leaves for the one that follows it: of each pair what a
// restart needs (model/pair_state.h), in bytes of proto/handover.proto behind their digest.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "config/config.h"
#include "model/pair_state.h"
#include "state/state_store.h"

namespace dcp::cmd {

struct HandedPair {
  std::string check, target;  // tag
  model::StoredPair stored;
};

std::string ToHandover(const std::vector<HandedPair>& pairs);

//   kDataLoss  it is not what a dcp wrote
absl::StatusOr<std::vector<HandedPair>> FromHandover(absl::string_view bytes);

// Of all configured pairs of which something is stored.
//   as of StateStore::Load
absl::StatusOr<std::vector<HandedPair>> CollectPairs(const config::Config& config,
                                                     state::StateStore& state);

// What begins a term, before anything is planned: for each configured pair the further of what
// is stored here and what was handed over is stored here. `own`: the dcp that was active
// last was this one, with this state. Else pushed tags begin anew: what was pushed to the other one
// is not here. `now`: when findings that are taken over are first seen here.
//   as of StateStore::Load and Append
absl::Status TakeOver(const config::Config& config, const std::vector<HandedPair>& handed, bool own,
                      absl::Time now, state::StateStore& state, std::vector<std::string>* lines);

}  // namespace dcp::cmd
