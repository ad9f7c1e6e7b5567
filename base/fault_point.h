// FaultPoint: a step of a write, by name, at which a test lets the process die as by
// kill -9: nothing is flushed, released or undone.
//
//   FaultPoint("log.written");
//
// Costs one relaxed load unless the process was armed. Names stand in the sources alone, each
// once, as literals: tests/base/fault_points.h finds them there, so that a test goes through
// all of them.
//
// Thread-safe.
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace dcp {

namespace fault_internal {
extern std::atomic<bool> is_armed;
void Reach(absl::string_view name);
}  // namespace fault_internal

// REQUIRES: `name` is a literal.
inline void FaultPoint(const char* name) {
  if (fault_internal::is_armed.load(std::memory_order_relaxed)) fault_internal::Reach(name);
}

// Lets the process die when it comes to a point: "NAME", or "NAME:N" for the N-th time. Call
// once, before there are threads.
//   kInvalidArgument  it is neither
absl::Status ArmFaultPoint(absl::string_view point);

}  // namespace dcp
