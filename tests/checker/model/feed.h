// Feeds plain streams to a PairChecker, in random batches and in a random
// interleaving, and reduces what it says to what the slow model says.
#pragma once

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
std::vector<Said> Feed(const PairOptions& options, const Stream& source, const Stream& target,
                       Interleaving interleaving, Random& random, uint64_t restarts = 0);

}  // namespace dcp::checker::test
