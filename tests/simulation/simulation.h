// One run: dcp over a World, one step at a time, with or without everything going wrong that
// may. The same seed gives the same run.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/checker/model/slow_model.h"
#include "tests/simulation/world.h"

namespace dcp::simulation {

struct RunResult {
  std::string failure;                                           // empty: none
  uint64_t hash = 0;                                             // of all that happened
  std::string trace;                                             // where it was asked for
  std::map<std::string, std::vector<checker::test::Said>> told;  // by check
  std::set<std::string> lost_runs;                               // see Surroundings
  uint64_t steps = 0, starts = 0, kills = 0, power_losses = 0;
};

struct RunOptions {
  bool faults = true;
  bool readable = false;
};

RunResult RunOnce(const World& world, uint64_t seed, const RunOptions& options);

// Runs the world of `seed` undisturbed and with faults. `failure` is of either, or tells how
// what was told differs, or what contradicts the truth.
struct Trial {
  std::string failure;
  RunResult undisturbed, disturbed;
  std::string world;  // for people, where it was asked for
  // A restart found that it could not know something (docs/semantics.md, section 7).
  bool unsettled = false;
  uint64_t compared = 0;  // checks whose words have to be those of the undisturbed run
};
Trial Try(uint64_t seed, bool readable);

}  // namespace dcp::simulation
