// What the environment tells a test: sizes for its long form, seeds to run again.
#pragma once

#include <cstdint>
#include <optional>

namespace dcp::test {

// The number that is told by the variable of that name; nullopt: there is none. What is no number
// fails the test.
std::optional<uint64_t> NumberFromEnvironment(const char* name);

}  // namespace dcp::test
