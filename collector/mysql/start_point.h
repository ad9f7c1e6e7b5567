// Where a MySQL stream begins, and where it goes on after a break.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/change_batch.h"
#include "model/gtid_set.h"
#include "model/position.h"
#include "mysql/binlog_reader.h"

namespace dcp::collector {

struct StartPoint {
  enum class Kind {
    kNow,       // the server's present end
    kGtid,      // behind the transactions of `executed`
    kPosition,  // at `position`, which is the start of a group
  };
  Kind kind = Kind::kNow;
  model::GtidSet executed;
  model::BinlogPosition position;

  std::string Describe() const;
};

// A stream as it was opened.
struct BinlogStream {
  std::unique_ptr<mysql::BinlogReader> reader;
  // The server, and what it had executed before the stream's first transaction
  // (has_gtids: the server writes GTIDs). `reason` and `detail` are not looked at.
  model::StreamOrigin origin;
  // Where it begins. May be empty only where origin.has_gtids.
  model::BinlogPosition position;
};

// Opens a stream at a point. Called by the collector's thread only; may take as long
// as connecting takes. Error codes as of BinlogReader::Next: kFailedPrecondition where
// PositionLost() tells whether another start point can help.
using BinlogOpener = std::function<absl::StatusOr<BinlogStream>(const StartPoint&)>;

// True if the server has no longer (or never had) what was asked for: purged
// binlogs, a file that is gone, a GTID set ahead of the server's.
bool PositionLost(const absl::Status& status);

// ResumePoint follows a stream and knows where it can go on without a loss or a
// repetition: always the start of a group.
//
// GTIDs are used when the server writes them and no group since the start was
// anonymous; else file and position. Thread-compatible.
class ResumePoint {
 public:
  void Start(const model::StreamOrigin& origin, const model::BinlogPosition& position);

  // A group ended, whatever became of it. `gtid` empty: an anonymous one.
  void GroupEnded(const model::Gtid& gtid, const model::BinlogPosition& end);
  // Between two groups the stream is at `position`.
  void MovedTo(const model::BinlogPosition& position);

  StartPoint Get() const;
  bool by_gtid() const { return has_gtids_ && !anonymous_seen_; }
  const model::GtidSet& executed() const { return executed_; }
  const model::BinlogPosition& position() const { return position_; }

 private:
  model::GtidSet executed_;
  model::BinlogPosition position_;
  bool has_gtids_ = false;
  bool anonymous_seen_ = false;
};

}  // namespace dcp::collector
