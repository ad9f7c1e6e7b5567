// The work that is measured: each part of the way of a change, over fixed inputs.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/types/span.h"

namespace dcp::bench {

class Work {
 public:
  virtual ~Work() = default;
  // Does all of it once. The same each time; ends the process if something is wrong.
  virtual void Run() = 0;
};

struct WorkCase {
  const char* name;
  const char* unit;  // of what is counted
  uint64_t units;    // of one Run()
  std::unique_ptr<Work> (*make)();
};

absl::Span<const WorkCase> WorkCases();

}  // namespace dcp::bench
