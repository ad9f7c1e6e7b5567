// BinlogPrinter: gives the rows of a BinlogReader to a BinlogWriter, and says what
// could not be given.
//
// Rows are given as they are logged, also those that their transaction takes back
// (ROLLBACK TO SAVEPOINT of other engines, XA ROLLBACK).
//
// Thread-compatible.
#pragma once

#include <atomic>
#include <cstdint>
#include <ostream>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cmd/dcp/binlog_output.h"
#include "cmd/dcp/binlog_writer.h"
#include "model/gtid_position.h"
#include "model/gtid_set.h"
#include "model/position.h"
#include "mysql/binlog_reader.h"

namespace dcp::cmd {

class BinlogPrinter {
 public:
  // Borrows all. `writer` appends to `output`'s buffer.
  struct Parts {
    mysql::BinlogReader& reader;
    BinlogWriter& writer;
    BinlogOutput& output;
    std::ostream& err;
    const std::atomic<bool>& stop;
  };

  struct Options {
    model::GtidSet skip = {};  // groups that are passed over
    // Likewise those that stand at or before this place (MariaDB).
    model::GtidPosition skip_behind = {};
    // The stream has no end of its own: where the reader comes to one, the server
    // has ended it.
    bool endless = false;
  };

  BinlogPrinter(const Parts& parts, Options options);

  // Reads to the end, to an error, or until stopped; then finishes the writer and
  // flushes. Call it once. Errors are those of RunBinlog() behind its start.
  absl::Status Run();

  // Where reading can begin again: the start of the first group that was not
  // given whole. Empty before the first group.
  const model::BinlogPosition& resume() const { return resume_; }

 private:
  absl::Status ReadAll();
  absl::Status Idle();
  absl::Status Take(const mysql::BinlogEvent& event);
  bool Skips(const model::Gtid& gtid) const;
  void BeginGroup(const mysql::BinlogEvent& event);
  void EndGroup(const mysql::BinlogEvent& event);
  absl::Status TakeRows(const mysql::BinlogEvent& event);
  void TakeQuery(const mysql::BinlogEvent& event);
  void Report(const mysql::BinlogEvent& event, absl::string_view what);
  void ReportLocated(absl::string_view what);

  const Parts parts_;
  const Options options_;
  BinlogGroup group_;
  bool skipping_ = false;
  model::BinlogPosition resume_;
  uint64_t not_given_ = 0;
  std::vector<model::Value> before_, after_;
};

}  // namespace dcp::cmd
