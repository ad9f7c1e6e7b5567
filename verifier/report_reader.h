// What `dcp verify --json` wrote, read again for a repair.
//
// Pure functions.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dcp::verifier {

// A row that differed.
struct ReportedRow {
  std::string key;     // canonical JSON array
  bool extra = false;  // only the target had it

  friend bool operator==(const ReportedRow&, const ReportedRow&) = default;
};

// What a report says of one table.
struct ReportedTable {
  std::vector<ReportedRow> rows;
  std::string skipped;  // why it was not compared at all; empty: it was
  // The table was not compared from its first row to its last, or the report ends before its
  // result: why. Empty: it was.
  std::string incomplete;
};

// By the tables' logical names.
using RepairReport = std::map<std::string, ReportedTable>;

//   kInvalidArgument  not such a report; names the line
absl::StatusOr<RepairReport> ReadReport(std::istream& in);

}  // namespace dcp::verifier
