// RowLookup over two servers: the present rows of keys in canonical binary form.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "verifier/recheck.h"
#include "verifier/side_session.h"
#include "verifier/table_comparison.h"

namespace dcp::verifier {

// By key. SideRow::content is model::kCanonicalRow and the compared columns. All outlive the
// result.
std::unique_ptr<RowLookup> LookUpByKey(const TableComparison& comparison,
                                       const std::string& logical, SideSession& source,
                                       SideSession& target);

// The same, of keys that are canonical JSON arrays.
std::unique_ptr<RowLookup> LookUpByKeyText(const TableComparison& comparison,
                                           const std::string& logical, SideSession& source,
                                           SideSession& target);

// Of tables without a key: reads them whole. A key is a whole row, its content the number of such
// rows in decimal.
std::unique_ptr<RowLookup> CountWholeRows(const TableComparison& comparison, size_t max_rows,
                                          ScanSession& source, ScanSession& target);

}  // namespace dcp::verifier
