// IntakeReader: reads an IntakeLog from a place on, behind the one who appends.
//
// Thread-compatible; the log may be appended to and shortened meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/grpc/intake_block.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/segment_scanner.h"

namespace dcp::collector {

class IntakeReader {
 public:
  struct Block {
    uint64_t first = 0;  // sequence of entries[0]
    // So many entries that should stand before these are damaged or not there; the text says
    // where. They are lost.
    uint64_t lost = 0;
    std::string damage;
    EntriesBody body;  // valid until the next call
  };

  // Begins at `sequence`. `log` outlives this.
  IntakeReader(IntakeLog& log, uint64_t sequence) : log_(log), next_(sequence) {}

  // The next entries, once and in order; nullopt: no more are there at present.
  //   kUnavailable, kResourceExhausted  the disk; try again
  //   kFailedPrecondition               a block of a newer dcp
  absl::StatusOr<std::optional<Block>> Next();

  uint64_t next() const { return next_; }  // sequence of what Next() gives

 private:
  absl::Status GoTo(const IntakeLog::Segment& segment);
  std::optional<Block> Take(std::optional<EntriesBody> body);
  Block Gap(uint64_t to);

  IntakeLog& log_;
  uint64_t next_;
  uint64_t number_ = 0;  // of the file; 0: none yet
  std::optional<SegmentScanner> scanner_;
  std::string damage_;  // seen since the last entries
};

}  // namespace dcp::collector
