// What must hold of the verdicts on a generated history, by DESIGN section 4
// ("Segments and verdicts"), whoever said them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/checker/model/history_generator.h"
#include "tests/checker/model/slow_model.h"

namespace dcp::checker::test {

// "" or what is wrong: no difference without a fault, no `same` where the truth
// is not the same.
std::string FindContradiction(const History& history, const std::vector<Said>& said);

// The seeds of one test: DCP_PROPERTY_SEED alone, or DCP_PROPERTY_COUNT of them
// (`count` if it is not set), from 1 on.
std::vector<uint64_t> Seeds(uint64_t count);

}  // namespace dcp::checker::test
