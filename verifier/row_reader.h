// RowReader: model::RowReader over SQL. What it reads is what the binlog path makes of
// the same rows: PresentRow::content is model::kCanonicalRow and the binary canonical row
// (row/canonical.h) of the compared columns (table_plan.h), so it can be laid beside captured
// contents. JSON columns: the server's text brought into the canonical form of binlogs
// (server_json.h).
//
// One pass over at most 200 rows of a table: the source's, the target's, and once more the
// source's where they were not equal. Equal: the target's row is that of the source's first
// or second read (or neither has it). Different: it is neither of the two, which agree. The
// rest is undecided and `detail` says why: the row was changing, a read failed, a table or a
// column is missing, the table has no key, a physical table beside another holds the same row.
// Rows are found by their exact key, whatever a collation takes for equal.
//
// Reads with READ COMMITTED, takes no locks. Schemas are read anew in each Read().
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "barrier/barrier_table.h"
#include "model/connection_options.h"
#include "model/ports/row_reader.h"
#include "row/key.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

class RowReader final : public model::RowReader {
 public:
  struct Side {
    model::ConnectionOptions connection;
    // Those of the tag. Empty: every table under its own name.
    std::vector<TableRule> tables;
  };
  struct Options {
    Side source;
    Side target;
    uint32_t barrier_id = barrier::kDefaultId;         // of the row in drc.barrier
    row::KeyFormat key_format = row::KeyFormat::kDcp;  // of both tags
    absl::Duration statement_timeout = absl::Seconds(5);
    // For tests: called before the source is read for the second time.
    std::function<void()> before_second_read = nullptr;
  };

  // Connects when first asked to read.
  explicit RowReader(Options options);
  ~RowReader() override;

  std::vector<model::RowAnswer> Read(const std::vector<model::RowRequest>& requests) override;
  std::optional<uint64_t> target_barrier() const override { return target_barrier_; }

 private:
  class Pass;

  const Options options_;
  struct Sessions;
  const std::unique_ptr<Sessions> sessions_;
  std::optional<uint64_t> target_barrier_;
};

}  // namespace dcp::verifier
