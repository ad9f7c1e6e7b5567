#include "tests/support/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace dcp::test {

std::optional<uint64_t> NumberFromEnvironment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  ADD_FAILURE() << name << " is no number: " << text;
  return std::nullopt;
}

}  // namespace dcp::test
