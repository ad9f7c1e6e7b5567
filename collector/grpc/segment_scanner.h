// SegmentScanner: the blocks of one file of an IntakeLog, in order.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "collector/grpc/intake_block.h"
#include "collector/grpc/intake_file.h"

namespace dcp::collector {

class SegmentScanner {
 public:
  enum class Found : uint8_t {
    kBlock,   // header() and body() are those of a whole block
    kEnd,     // nothing stands behind what was given
    kDamage,  // no whole block stands here; the scanner stays where it is
  };

  SegmentScanner() = default;
  //   kUnavailable, kResourceExhausted  it cannot be opened
  static absl::StatusOr<SegmentScanner> Open(FileIo& io, std::string path);

  // Looks at the next block. What stands at or behind `limit` is not there.
  absl::StatusOr<Found> Next(uint64_t limit);
  // Behind damage: goes to the next whole block before `limit`, which Next() then gives;
  // false, and it stays, where there is none.
  absl::StatusOr<bool> SkipDamage(uint64_t limit);

  const BlockHeader& header() const { return header_; }
  const std::string& body() const { return body_; }
  uint64_t offset() const { return offset_; }  // behind the last block
  const std::string& path() const { return path_; }
  absl::StatusOr<uint64_t> size() const { return FileSize(file_, path_); }

 private:
  SegmentScanner(OpenFile file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  absl::StatusOr<bool> ReadBlock(uint64_t at, uint64_t limit);

  OpenFile file_;
  std::string path_;
  uint64_t offset_ = 0;
  BlockHeader header_;
  std::string body_;
};

}  // namespace dcp::collector
