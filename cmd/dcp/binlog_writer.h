// BinlogWriter: one of the forms in which `dcp binlog` gives row changes.
//
// Thread-compatible.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "model/gtid.h"
#include "model/value.h"
#include "mysql/binlog_reader.h"

namespace dcp::cmd {

// The transaction, or other group of events, that rows stand in.
struct BinlogGroup {
  model::Gtid gtid;           // empty: none
  int64_t commit_micros = 0;  // Unix time; 0: not told to the microsecond
};

class BinlogWriter {
 public:
  using Image = std::vector<model::Value>;

  virtual ~BinlogWriter() = default;

  // The calls of Row() that follow give the rows of `event`, a kRows event, which
  // need not stay valid.
  virtual void BeginRows(const mysql::BinlogEvent& event, const BinlogGroup& group) = 0;
  // One changed row; an image that there is not is empty.
  virtual void Row(const Image& before, const Image& after) = 0;
  // No more rows come. Called once.
  virtual void Finish() = 0;
};

// All append to `*out`, which outlives them; whoever owns it may take away what
// was appended between any two calls.

// A line for each row.
std::unique_ptr<BinlogWriter> MakeJsonlWriter(std::string* out);
// Counts per table and kind of change, at the end.
std::unique_ptr<BinlogWriter> MakeSummaryWriter(std::string* out);
// Count and sum of digests per table, at the end. `notes` gets a line for each
// table whose digest rests on an incomplete schema.
std::unique_ptr<BinlogWriter> MakeDigestWriter(std::string* out, std::ostream& notes);

// "db.table", on one line: control characters are escaped as in JSON.
std::string TableLabel(const std::string& database, const std::string& table);

}  // namespace dcp::cmd
