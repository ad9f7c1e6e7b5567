// SpillStore: where a stream's closed segments wait that do not fit into memory.
// Implemented by state/.
//
// One per stream, thread-compatible. What is in it is of this process only: after a
// restart streams are read again, and what an earlier process wrote is thrown away.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::model {

// Names a record of one SpillStore.
struct SpillTicket {
  uint64_t number = 0;
  uint64_t file = 0;
  uint64_t offset = 0;
  uint64_t size = 0;  // of the record's bytes
};

class SpillStore {
 public:
  // Throws away what it still holds.
  virtual ~SpillStore() = default;

  // Errors say what to do. Nothing was written, and the same call may succeed later.
  //   kResourceExhausted   no room
  //   kFailedPrecondition  may not be written
  //   kUnavailable         the disk fails
  virtual absl::StatusOr<SpillTicket> Write(absl::string_view bytes) = 0;

  // Exactly the bytes that were written.
  //   kDataLoss     they are not there as they were written
  //   kUnavailable  the disk fails
  virtual absl::StatusOr<std::string> Read(const SpillTicket& ticket) = 0;

  // The record is not read any more. Each ticket once.
  virtual void Drop(const SpillTicket& ticket) = 0;
};

}  // namespace dcp::model
