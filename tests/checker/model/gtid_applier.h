// Random histories of targets that are aligned by GTID: appliers that run transactions in any order
// that the keys (on MariaDB: the domains) allow, and writes of the target's own.
//
// REQUIRES: a theme with GTIDs.
#pragma once

#include <cstdint>

#include "tests/checker/model/history_generator.h"

namespace dcp::checker::test {

History MakeGtidHistory(Theme theme, uint64_t seed);

}  // namespace dcp::checker::test
