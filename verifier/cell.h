// Cells: one value of one column, read so that it can be written again and recognised exactly, and
// the SQL that does both.
//
// A condition is true of no other value, whatever collation, charset or type of float: characters
// are compared as bytes of the column's charset, floats as the DOUBLE they are, ENUM and SET by
// number. Values reach SQL as literals that hold in a session of mysql::Connection (utf8mb4, UTC).
//
// Pure functions.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mysql/table_schema.h"

namespace dcp::verifier {

// `text` is what SelectExpression() gave, `exact` what ExactExpression() did. Both are nullopt for
// NULL.
struct Cell {
  std::optional<std::string> text, exact;

  bool is_null() const { return !text.has_value(); }
  friend bool operator==(const Cell&, const Cell&) = default;
};

// What to SELECT of `column` for Cell::exact.
std::string ExactExpression(const mysql::Column& column);

// True of rows in which `column` holds `cell` and nothing else.
std::string ExactCondition(const mysql::Column& column, const Cell& cell);

// What gives `column` the value `cell` that was read of it.
std::string OwnLiteral(const mysql::Column& column, const Cell& cell);

// What gives `to` the value `cell` that was read of `from`, a column of another table.
std::string CopyLiteral(const mysql::Column& from, const mysql::Column& to, const Cell& cell);

// True of rows in which `to` holds what CopyLiteral() gave it.
std::string CopiedCondition(const mysql::Column& from, const mysql::Column& to, const Cell& cell);

}  // namespace dcp::verifier
