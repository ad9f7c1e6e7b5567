// SpillFiles: the files of the state directory in which segments wait that do not fit into
// memory, and the SpillStores that write them. docs/state.md, "spill/".
//
// A store writes one record behind the other into a file of its own, begins another file
// when it is long enough, and removes a file when nothing of it is read any more. A record
// carries its number and a checksum over that and its bytes, so that one that is torn,
// damaged or in the wrong place is told apart. Nothing is synced: no other process reads
// these files, and those of an earlier one are removed at the start.
//
// SpillFiles is thread-safe and outlives its stores; a store is thread-compatible.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_io.h"
#include "model/ports/spill_store.h"

namespace dcp::state {

class SpillFiles {
 public:
  struct Options {
    std::string dir;                           // of its own; made if it is not there
    uint64_t file_bytes = uint64_t{32} << 20;  // a file is ended when it is this long
    // Is left free on the file system, so that what must be stored always finds room.
    uint64_t reserve_bytes = uint64_t{256} << 20;
    FileIo* io = &FileIo::Real();
    // Free bytes of the file system that holds `path`; nullopt: not known. Tests replace it.
    std::function<std::optional<uint64_t>(const std::string& path)> free_bytes = {};
  };

  struct Counters {
    uint64_t records_written = 0, records_read = 0;
    uint64_t bytes_written = 0, bytes_read = 0;
    uint64_t bytes_now = 0;  // of all files
    uint64_t failures = 0;   // of writing
  };

  // Removes what an earlier process left in the directory.
  //   kFailedPrecondition  it cannot be made or written
  static absl::StatusOr<std::unique_ptr<SpillFiles>> Open(Options options);
  SpillFiles(const SpillFiles&) = delete;
  SpillFiles& operator=(const SpillFiles&) = delete;

  std::unique_ptr<model::SpillStore> MakeStore();
  Counters counters() const;

 private:
  friend class SpillFileStore;
  explicit SpillFiles(Options options) : options_(std::move(options)) {}

  std::string PathOf(uint64_t file) const;
  absl::Status CheckRoom(uint64_t bytes) const;

  const Options options_;
  std::atomic<uint64_t> next_file_{1}, next_record_{1};
  std::atomic<uint64_t> records_written_{0}, records_read_{0}, bytes_written_{0}, bytes_read_{0};
  std::atomic<uint64_t> bytes_now_{0}, failures_{0};
};

}  // namespace dcp::state
