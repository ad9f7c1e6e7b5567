// BinlogReader yields the events of one binlog stream in order: a live server's
// or a file's. It hides the connection, checksums, format descriptions, file
// rotation, table maps and row decoding. It does not know transactions: the
// collector assembles them.
//
// Thread-compatible: one reader thread per stream. Only Stop() may be called
// from any thread, any number of times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/gtid.h"
#include "model/gtid_set.h"
#include "model/position.h"
#include "model/value.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

// The rows of one rows event. Values not in the image have Kind::kAbsent.
class RowsCursor {
 public:
  virtual ~RowsCursor() = default;

  // Decodes the next row into `before` and `after` (an empty vector where the
  // event has no such image); false at the end of the event. Both vectors are
  // reused: their values are overwritten, capacity is kept.
  //   kUnimplemented  a type is not decoded yet; names type, table and column
  //   kDataLoss       the event is damaged; names what and where
  // After an error the rest of the event cannot be read.
  virtual absl::StatusOr<bool> Next(std::vector<model::Value>* before,
                                    std::vector<model::Value>* after) = 0;
};

struct BinlogEvent {
  enum class Kind : uint8_t {
    // A group (transaction) begins: GTID or anonymous GTID event. `gtid` is
    // empty for the latter. Servers without either begin with a kQuery "BEGIN".
    // `server_id` is that of the server that the group was first written on.
    kGroupStart,
    kQuery,  // `query`, `database`: BEGIN, COMMIT, ROLLBACK, SAVEPOINT, XA …, DDL, or DML in text
    kRows,   // `table`, `op`, `rows`
    kCommit,         // XID event: the group is committed
    kXaPrepare,      // XA_PREPARE event: `query` is the XID as text; `one_phase`
    kRowsQuery,      // the statement's text in `query`
    kPreviousGtids,  // `gtids`: executed before this file (MariaDB: its GTID list)
    kRotate,         // `end` is the place that follows; also for the server's artificial ones
    kHeartbeat,      // `end` is the server's position; nothing happened
    // Something that cannot be read, but whose extent is known: an unknown or
    // not yet supported event type, a table whose schema cannot be known.
    // `error` says what; `table` is set where it is known. Only one event is lost.
    kUnreadable,
    // The server says that events were lost (INCIDENT), or wrote data as
    // statements with context (INTVAR, RAND, USER_VAR, LOAD events).
    kIncident,
    kStatementContext,
    // What stood between the last event and the next is not there: a file between two is
    // missing, or the rest of one is damaged (readers of files only). `error` says what;
    // `gtids` was executed before what follows at `end`; the group that was open is cut off.
    kGap,
    kOther,  // known and of no interest: STOP, IGNORABLE, transaction context …
  };
  enum class RowOp : uint8_t { kInsert, kUpdate, kDelete };
  // What the group that kGroupStart begins is, where the server says it (MariaDB).
  enum class Group : uint8_t {
    kUnknown,
    kTransaction,  // ends by its own word; no BEGIN comes
    kStandalone,   // one event, which ends by itself
  };

  Kind kind = Kind::kOther;
  uint8_t type_code = 0;         // as on the wire
  model::BinlogPosition start;   // of this event in its file; 0 for artificial events
  model::BinlogPosition end;     // where the next event starts
  int64_t timestamp_micros = 0;  // commit time (GTID event) or the event's second
  uint32_t server_id = 0;

  Group group = Group::kUnknown;
  // Of MariaDB's ALTER TABLE in two phases: this group's statement changes nothing, it only
  // announces the ALTER, or takes it back.
  bool announces_only = false;
  model::Gtid gtid;
  model::GtidSet gtids;
  std::string query;
  std::string database;
  uint16_t query_error_code = 0;
  bool one_phase = false;
  std::shared_ptr<const TableSchema> table;
  RowOp op = RowOp::kInsert;
  RowsCursor* rows = nullptr;  // valid until the next call of BinlogReader::Next
  // The event is the last rows event of its statement, wanted or not.
  bool ends_statement = false;
  absl::Status error;
};

class BinlogReader {
 public:
  virtual ~BinlogReader() = default;

  // Waits up to `timeout` for the next event. The event is valid until the next call.
  //   kDeadlineExceeded    nothing arrived in time; the stream is healthy
  //   kUnavailable         connection lost or silent beyond the heartbeat; reopen from the last
  //   whole transaction kOutOfRange          the end of the file, or of what `until_now` asked for;
  //   final kDataLoss            the bytes are damaged (checksum, length): file and position named;
  //   final kFailedPrecondition  the server refuses for good (purged binlog, duplicate server_id
  //   …): message says the cure; final kCancelled           Stop() was called; final
  virtual absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) = 0;

  virtual void Stop() = 0;
};

}  // namespace dcp::mysql
