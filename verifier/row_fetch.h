// Reads the present rows of given keys in the tables of one side.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/verdict.h"
#include "row/key.h"
#include "verifier/row_key.h"
#include "verifier/side_session.h"
#include "verifier/table_plan.h"

namespace dcp::verifier {

inline constexpr size_t kRowsPerStatement = 200;

// A row that is asked for.
struct Lookup {
  size_t request = 0;  // the asker's own number
  std::string key_text;
  std::vector<KeyPart> key;
};

// What one side holds of it.
struct RowState {
  absl::Status status;  // not OK: the rest says nothing
  model::PresentRow row;
  size_t copies = 0;
};

struct FetchOptions {
  std::string logical;  // the name that key texts begin with
  row::KeyFormat key_format = row::KeyFormat::kDcp;
};

// One state per lookup, in order. `tables` are plan.source or plan.target. Rows are found by
// their exact key, whatever a collation takes for equal; one that several tables hold is an error
// of its own. REQUIRES: lookups.size() <= kRowsPerStatement.
std::vector<RowState> FetchRows(const TablePlan& plan, const std::vector<TableRead>& tables,
                                const FetchOptions& options, SideSession& session,
                                const std::vector<Lookup>& lookups);

}  // namespace dcp::verifier
