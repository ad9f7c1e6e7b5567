// PurgeWatch decides from numbers whether a server is about to purge a binlog that a collector
// still needs, and says so before it does.
//
// The server purges a file by its age since its last change. That age is not told; but a file that
// is closed was not closed before the last group that was read of it was committed, so the time
// that is left is never less than what is said here.
//
// Pure: no thread, no clock, no I/O. Thread-compatible.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "model/position.h"
#include "mysql/binlog_inventory.h"

namespace dcp::collector {

class PurgeWatch {
 public:
  struct Options {
    // Warn when less than this share of the time that binlogs are kept for is left.
    double near = 0.25;
  };

  // What a collector has read.
  struct Place {
    model::BinlogPosition position;          // it would go on from here
    absl::Time time = absl::InfinitePast();  // of the last group before it
  };

  enum class State : uint8_t {
    kUnknown,  // nothing was read yet, or the server has other binlogs now
    kSafe,
    kNear,  // the file may be purged soon
    kLost,  // it is gone: once the connection breaks the stream cannot be taken up again
  };

  struct Report {
    State state = State::kUnknown;
    // Until the server may purge the file; infinite: it is the newest, or none is purged by age.
    absl::Duration left = absl::InfiniteDuration();
    std::string oldest;         // the oldest binlog that is there
    uint64_t files_behind = 0;  // newer than the one that is needed
    uint64_t bytes_behind = 0;  // of them, and of the rest of that one
    // Not empty: to be said now, once. Not before two looks in a row found the collector in the
    // same place: one that has just come to the newest file is near no purge.
    std::string warning;
  };

  PurgeWatch() : options_() {}
  explicit PurgeWatch(const Options& options) : options_(options) {}

  Report Look(const mysql::BinlogInventory& inventory, const Place& place);

 private:
  void Find(const mysql::BinlogInventory& inventory, const Place& place, Report* report) const;
  bool IsNearByAge(const mysql::BinlogInventory& inventory, const Report& report) const;
  bool IsNear(const mysql::BinlogInventory& inventory, const Report& report,
              bool needs_oldest) const;

  const Options options_;
  State said_ = State::kSafe;
  State seen_ = State::kUnknown;      // at the last look
  model::BinlogPosition seen_place_;  // likewise
  bool purging_ = false;              // files were purged since the collector was safe
  std::string oldest_;                // at the last look
};

// "binlog: 3 files (1.2 MB) behind, kept 2h more": for people.
std::string Describe(const PurgeWatch::Report& report);

}  // namespace dcp::collector
