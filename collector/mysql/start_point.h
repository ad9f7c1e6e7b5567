// Where a MySQL stream begins, and where it goes on after a break.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/change_batch.h"
#include "model/gtid_position.h"
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
  // Of kPosition: what stands before `position`, where that is known.
  model::GtidSet executed;
  model::BinlogPosition position;

  std::string Describe() const;
};

// Asks a server, by the side of its stream, where its binlog ends and, of MariaDB, what it has
// executed as a replica.
class ExecutedProbe {
 public:
  struct Answer {
    // MariaDB's gtid_slave_pos; empty: it is no replica, or MySQL, whose stream shows all.
    model::GtidPosition executed;
    // The binlog's end, read after `executed`: what of that is in the binlog stands before it.
    // Empty: not told.
    model::BinlogPosition end;
  };

  virtual ~ExecutedProbe() = default;
  // Nothing is read from the stream meanwhile: a server that does not answer is given up within
  // one heartbeat period of its stream.
  virtual absl::StatusOr<Answer> Ask() = 0;
};

// A stream as it was opened.
struct BinlogStream {
  std::unique_ptr<mysql::BinlogReader> reader;
  std::unique_ptr<ExecutedProbe> probe;  // null: nobody can be asked
  // How often the server speaks at least. The reader takes three periods of silence for its end.
  absl::Duration heartbeat_period = absl::InfiniteDuration();
  // The server, and what it had executed before the stream's first transaction
  // (has_gtids: the server writes GTIDs). `reason` and `detail` are not looked at.
  model::StreamOrigin origin;
  // Where it begins. May be empty only where origin.has_gtids and it begins behind GTIDs.
  model::BinlogPosition position;
  // It begins behind exactly the GTIDs of the point, and the server has all of those: so it goes
  // on where the last stream stopped, whichever server that was of.
  bool follows_gtids = false;
  // What an operator should know of the server; may be empty.
  std::string warning;
};

// Opens a stream at a point. Called by the collector's thread only; may take as long
// as connecting takes. Error codes as of BinlogReader::Next: kFailedPrecondition where
// PositionLost() tells whether another start point can help.
using BinlogOpener = std::function<absl::StatusOr<BinlogStream>(const StartPoint&)>;

// True if the server has no longer (or never had) what was asked for: purged
// binlogs, a file that is gone, a GTID set ahead of the server's.
bool PositionLost(const absl::Status& status);

// True if the server cannot read its own binlog at that place: a damaged file.
bool SourceDamaged(const absl::Status& status);

// True if the server has ended the stream for another client with the same server_id.
bool ServerIdTaken(const absl::Status& status);

// ResumePoint follows a stream and knows where it can go on without a loss or a
// repetition: always the start of a group.
//
// GTIDs are used when the server writes them and no group since the start was
// anonymous; else file and position. So are those on a MariaDB server wherever the stream
// began there: its numbers are in order only as long as everybody keeps to that.
// Thread-compatible.
class ResumePoint {
 public:
  void Start(const model::StreamOrigin& origin, const model::BinlogPosition& position);

  // A group ended, whatever became of it. `gtid` empty: an anonymous one.
  void GroupEnded(const model::Gtid& gtid, const model::BinlogPosition& end);
  // It goes on behind the same GTIDs on another server, where positions are others.
  void OnOtherServer();
  // Between two groups the stream is at `position`.
  void MovedTo(const model::BinlogPosition& position);

  StartPoint Get() const;
  bool by_gtid() const { return has_gtids_ && !anonymous_seen_ && !exact_position_; }
  const model::GtidSet& executed() const { return executed_; }
  const model::BinlogPosition& position() const { return position_; }

 private:
  model::GtidSet executed_;
  model::BinlogPosition position_;
  bool has_gtids_ = false;
  bool anonymous_seen_ = false;
  bool exact_position_ = false;
};

}  // namespace dcp::collector
