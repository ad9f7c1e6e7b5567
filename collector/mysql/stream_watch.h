// StreamWatch finds out that a server's binlog was reset while it was read: a server says
// nothing then, and sends nothing more.
//
// Pure: no thread, no clock, no I/O. Thread-compatible. Times are Clock::Monotonic().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model/position.h"
#include "mysql/binlog_reader.h"

namespace dcp::collector {

class StreamWatch {
 public:
  // How long the stream may stand before an end that the server has told.
  static constexpr absl::Duration kPatience = absl::Seconds(10);

  // A connection begins. `goes_on`: on the server of the last one, where that stopped.
  void Begin(bool goes_on);

  // kFailedPrecondition, as PositionLost() takes it: the files are not those that were read.
  absl::Status Saw(const mysql::BinlogEvent& event);

  // Behind the last event; its file is empty until one is known.
  const model::BinlogPosition& place() const { return place_; }

  // The server's binlog ends at `end`. `silent`: nothing has come for a while.
  //   kFailedPrecondition  as PositionLost() takes it: it ends before what was read
  //   kUnavailable         it ended behind that for a while, and nothing comes: a new connection
  //                        will tell why
  absl::Status Ends(const model::BinlogPosition& end, bool silent, absl::Duration now);

 private:
  absl::Status SawFile(int64_t created_micros);

  model::BinlogPosition place_;
  bool goes_on_ = false;  // and no file of this connection was seen yet
  // The file that was read last, and when its server created it.
  std::string file_;
  int64_t created_micros_ = 0;
  // Where the stream stood before a known end, and since when.
  model::BinlogPosition stuck_at_;
  std::optional<absl::Duration> stuck_since_;
};

}  // namespace dcp::collector
