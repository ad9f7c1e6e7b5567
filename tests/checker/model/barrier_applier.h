// Random histories of targets that are aligned by barriers: appliers that let rows cross barriers,
// merge, retry and replay them, restart or fail.
//
// REQUIRES: a theme without GTIDs.
#pragma once

#include <cstdint>

#include "tests/checker/model/history_generator.h"

namespace dcp::checker::test {

History MakeBarrierHistory(Theme theme, uint64_t seed);

}  // namespace dcp::checker::test
