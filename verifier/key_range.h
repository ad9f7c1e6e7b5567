// Ranges of a table's key in SQL, and the index that reads them in order.
//
// A comparison of several columns is written out as a chain of ORs that the range optimizers of
// all servers turn into one range of an index; row values, (a, b) > (1, 2), they do not.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mysql/connection.h"
#include "mysql/table_schema.h"
#include "verifier/row_key.h"

namespace dcp::verifier {

// An index that gives the rows in the order of a key.
struct PagingIndex {
  std::string name;
  std::vector<bool> descending;  // by key column

  friend bool operator==(const PagingIndex&, const PagingIndex&) = default;
};

// `rows` of SHOW INDEX: a visible, unique B-tree over exactly the columns `key` in this order,
// whole and without NULL; the primary key before others. nullopt: there is none, the table cannot
// be read in pieces.
std::optional<PagingIndex> FindPagingIndex(const mysql::Rows& rows,
                                           const std::vector<std::string>& key);

// A key as literals to compare with, one per key column.
using KeyLiterals = std::vector<std::string>;

// As KeyLiteral(), but for comparing by order: ENUM and SET are ordered by number.
//   kFailedPrecondition  the column cannot hold the value, so it is no bound here
absl::StatusOr<std::string> BoundLiteral(const mysql::Column& column, const KeyPart& part);

// The rows strictly behind `bound` in the order of the index, and those up to it, itself included.
// REQUIRES: columns, bound and descending have the same size, not 0.
std::string BehindBound(absl::Span<const mysql::Column> columns, const KeyLiterals& bound,
                        const std::vector<bool>& descending);
std::string UpToBound(absl::Span<const mysql::Column> columns, const KeyLiterals& bound,
                      const std::vector<bool>& descending);

// "`a`, `b` DESC"
std::string OrderByKey(absl::Span<const mysql::Column> columns,
                       const std::vector<bool>& descending);

}  // namespace dcp::verifier
