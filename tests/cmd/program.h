// Runs a program to its end with something on its standard input.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/cmd/dcp_process.h"

namespace dcp::test {

// Runs argv[0] with `input` on standard input.
//   kDeadlineExceeded  it did not end in time and was killed; what it said
absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& argv,
                                         const std::string& input = "",
                                         absl::Duration timeout = absl::Seconds(60));

}  // namespace dcp::test
