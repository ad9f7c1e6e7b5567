// Feeds plain streams to a PairChecker, in random batches and in a random
// interleaving, and reduces what it says to what the slow model says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checker/options.h"
#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/slow_model.h"
#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

enum class Interleaving : uint8_t { kRandom, kSourceFirst, kTargetFirst };

// `random` decides on batches and order. An outcome that the rules do not know
// (a timeout: time stands still here) is a kResolved with a key that says so.
// At most `restarts` times the checker is thrown away and another one goes on from what
// was stored.
struct FeedMemory {
  // All that waits for the other side is put into a store and comes back from there.
  bool spills = false;
  uint64_t* spilled = nullptr;  // counts what was written
  // What may be remembered of keys that both sides agree about.
  uint64_t max_key_bytes = UINT64_MAX;
};
std::vector<Said> Feed(const PairOptions& options, const Stream& source, const Stream& target,
                       Interleaving interleaving, Random& random, uint64_t restarts = 0,
                       const FeedMemory& memory = {});

}  // namespace dcp::checker::test
