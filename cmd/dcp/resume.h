// Resume: what a daemon that starts again goes on from: which checks take up their
// runs, and where the collectors begin so that they can.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/grpc/intake_place.h"
#include "collector/mysql/stream_place.h"
#include "config/config.h"
#include "model/pair_state.h"
#include "model/ports/pair_states.h"

namespace dcp::cmd {

struct ResumePlan {
  using Pair = std::pair<std::string, std::string>;  // check, target

  // Of each pair of which something is stored. Without a run where it cannot be taken up
  // again, with the reason.
  std::map<Pair, model::StoredPair> pairs;
  // Collectors by name that begin where a run needs them to; the others begin as their
  // configuration says.
  std::map<std::string, collector::StreamPlace> places;
  // Durable pushed tags by name, likewise.
  std::map<std::string, collector::IntakePlace> pushed;
  std::vector<std::string> lines;  // for the log
};

// What a pair that goes on depends on. Where other rows or columns of other tables are compared, or
// in another way, its findings stay open, but their states are of no use; where `align`,
// `lateness` or `history` is another one, its run was not kept from far enough back.
std::string RulesOf(const config::Config& config, const config::CheckOptions& check,
                    const model::Tag& target);

//   as of PairStates::Load
absl::StatusOr<ResumePlan> PlanResume(const config::Config& config, model::PairStates& states);

}  // namespace dcp::cmd
