// SyncPoint: how a verification knows that the target shows what the source had shown.
//
// Thread-compatible.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace dcp::verifier {

class SyncPoint {
 public:
  virtual ~SyncPoint() = default;

  // "barrier", "gtid" or "none".
  virtual std::string name() const = 0;

  // Fixes a point behind everything that the source has shown until now.
  virtual absl::Status Mark() = 0;

  // Returns once the target shows everything before the mark.
  //   kDeadlineExceeded  not in time
  //   kCancelled         stopped
  virtual absl::Status Await() = 0;

  // False: the sides do not replicate, so that only time can pass between two reads.
  virtual bool replicates() const { return true; }
};

// Lets time pass; kCancelled once the work is to be stopped. Thread-safe.
using Pause = std::function<absl::Status(absl::Duration)>;

}  // namespace dcp::verifier
