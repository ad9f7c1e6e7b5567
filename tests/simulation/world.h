// World: what dcp has to judge in a run: two checks over random histories of which the truth
// is known. Of check "a" one tag at least is pushed; check "b" reads two servers, in any theme.
//
// Values, made of a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/tag.h"
#include "proto/dcp.pb.h"
#include "tests/checker/model/history_generator.h"

namespace dcp::simulation {

// Barriers from this one on are appended to each history, and close what it leaves open.
inline constexpr uint64_t kQuietFrom = 10'000;

// What feeds one tag.
struct Feeding {
  model::Tag tag;
  bool pushed = false;
  checker::test::Stream stream;   // of a server
  std::vector<Message> messages;  // that a client pushes
};

struct CheckedPair {
  checker::test::History history;  // options as the check runs with them
  Feeding source, target;
  // What the history's truth says of differences holds with these options.
  bool no_false_difference = true;
};

struct World {
  std::vector<CheckedPair> pairs;
  config::Config config;
};

World MakeWorld(uint64_t seed);

}  // namespace dcp::simulation
