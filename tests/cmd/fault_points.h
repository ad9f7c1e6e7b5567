// The fault points (base/fault_point.h) that stand in the sources.
#pragma once

#include <string>
#include <vector>

namespace dcp::test {

// By name, each once. Fails the test where one stands twice, or is no literal.
std::vector<std::string> FaultPoints();

}  // namespace dcp::test
