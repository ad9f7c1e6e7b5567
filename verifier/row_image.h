// Row images: rows of one table as they are now, with every column that a statement can name, to
// be written again or recognised.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mysql/table_schema.h"
#include "verifier/cell.h"
#include "verifier/row_fetch.h"
#include "verifier/side_session.h"
#include "verifier/table_plan.h"

namespace dcp::verifier {

// A table and the columns of its images: those of `read`, in their order, and behind them the
// others, but for the generated and the hidden ones.
struct ImageTable {
  TableRead read;
  std::vector<mysql::Column> columns;  // those of `read` first
};

ImageTable ToImageTable(const TableRead& read, const mysql::TableSchema& schema);

struct RowImage {
  absl::Status status;  // not OK: nothing is known
  bool exists = false;
  const ImageTable* table = nullptr;  // that holds it
  std::string content;                // model::kCanonicalRow and the compared columns
  std::vector<Cell> cells;            // one per column of `table`
};

// The present rows with these keys, one per lookup, in order; whatever `where` the tables have: a
// row outside of it is in the way too. One that several tables hold is an error of its own.
// REQUIRES: lookups.size() <= kRowsPerStatement. `tables` outlive the result.
std::vector<RowImage> ReadImages(const TablePlan& plan, const std::vector<ImageTable>& tables,
                                 const std::string& logical, SideSession& session,
                                 const std::vector<Lookup>& lookups);

}  // namespace dcp::verifier
