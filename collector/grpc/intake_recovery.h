// What the files of an IntakeLog hold: looked at once, before it is written to again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file_io.h"
#include "collector/grpc/session_table.h"

namespace dcp::collector {

struct RecoveredSegment {
  uint64_t number = 0;
  uint64_t first = 0;
  uint64_t bytes = 0;  // of it that are whole, or that a reader has to look at
  // What stands before was on disk when what follows was written. It is told of the last file.
  uint64_t attested = 0;
};

struct RecoveredLog {
  uint64_t id_high = 0, id_low = 0;
  uint64_t next = 1;         // sequence
  uint64_t next_number = 1;  // of a file
  SessionTable sessions;
  std::vector<RecoveredSegment> segments;  // empty: a new log
};

struct LogSnapshot {
  uint64_t id_high = 0, id_low = 0;
  SessionTable sessions;

  std::string ToBytes() const;
  //   kFailedPrecondition  of a newer dcp
  //   kDataLoss            not what ToBytes() gives
  static absl::StatusOr<LogSnapshot> Parse(absl::string_view body);
};

// `directory` exists. Deletes a last file without anything in it, and cuts what was torn off
// the last one; both are said to `log`, and so is damage further in, which stays as it is
// (readers come upon it). `random`: as of IntakeLogOptions.
//   kFailedPrecondition  written by a newer dcp
//   kUnavailable, kResourceExhausted  files cannot be read or written
absl::StatusOr<RecoveredLog> RecoverLog(FileIo& io, const std::string& directory,
                                        const std::function<uint64_t()>& random,
                                        const std::function<void(absl::string_view)>& log);

std::string SegmentPath(absl::string_view directory, uint64_t number);

}  // namespace dcp::collector
