// TablePlan: how the rows of one logical table are read on both sides, so that equal
// rows give equal canonical rows.
//
// Key columns are the source's, by name on every table. Compared are the columns asked
// for (else the source's, in its order) that are not ignored and that every table has.
// FLOAT beside DOUBLE: both as FLOAT. Instead of values the bytes that are stored can be compared;
// keys are values always. Columns are the same by the names of column_names.h.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/value.h"
#include "mysql/connection.h"
#include "mysql/table_schema.h"
#include "row/canonical.h"
#include "verifier/column_names.h"
#include "verifier/column_value.h"
#include "verifier/row_key.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

// One physical table. `columns` are the compared ones and behind them those of the key that are
// not compared, or not as values.
struct TableRead {
  TableName name;
  std::vector<mysql::Column> columns;
  std::string where = {};  // only rows that satisfy it count; empty: all
  RenamedColumns renamed = {};
  size_t exact = 0;  // so many of the first columns are read as ExactExpression() (cell.h)
};

struct TablePlan {
  size_t compared = 0;            // number of compared columns
  std::vector<uint32_t> key;      // the key's columns, by their places in `columns`
  bool keyless = false;           // the key is all compared columns; rows may repeat
  std::vector<bool> float_width;  // by compared column
  std::vector<TableRead> source;
  std::vector<TableRead> target;
};

struct PlanInput {
  std::string logical;
  std::vector<std::string> columns;  // asked for; may be empty
  std::vector<std::string> ignored;
  // The physical tables; of one side or of both there may be several.
  std::vector<mysql::TableSchema> source;
  std::vector<mysql::TableSchema> target;
  bool allow_keyless = false;
  std::vector<RenamedColumns> renamed = {};  // of each of `source`; or empty
  bool bytes = false;                        // compare these, not values
};

//   kFailedPrecondition  no key (unless that is allowed), or a side lacks the table or a key column
//   kUnimplemented       a column's type is not supported
absl::StatusOr<TablePlan> MakePlan(const PlanInput& input);

// "SELECT … FROM …": the columns, and where some are exact which of these are NULL, "0" or "1" of
// each: MariaDB casts what is longer than max_allowed_packet to NULL.
std::string SelectFrom(const TableRead& table);

// The value of exact column `i` of such a row; `nulls` is what says which are NULL.
//   kDataLoss  the server did not tell it
absl::Status ToExactValue(const TableRead& table, size_t i,
                          const std::optional<absl::string_view>& bytes,
                          const std::optional<absl::string_view>& nulls, model::Value* value);

// " WHERE …" of the table's own condition and `condition`; either may be empty.
std::string WhereOf(const TableRead& table, absl::string_view condition);

// The condition that finds the row with `key`; nullopt: the table cannot hold it.
// Errors as KeyLiteral.
absl::StatusOr<std::optional<std::string>> KeyCondition(const TablePlan& plan,
                                                        const TableRead& table,
                                                        const std::vector<KeyPart>& key);

// One row of SelectFrom(), in the order of `table.columns`. `Fields` is a mysql::Row or a span of
// StreamingConnection::Field. Errors as ToValue.
template <typename Fields>
absl::Status ToValues(const TablePlan& plan, const TableRead& table, const Fields& row,
                      std::vector<model::Value>* values) {
  values->resize(table.columns.size());
  if (row.size() != values->size() + (table.exact > 0 ? 1 : 0)) {
    return absl::DataLossError(absl::StrCat(row.size(), " values came for ", values->size()));
  }
  for (size_t i = 0; i < values->size(); ++i) {
    if (i < table.exact) {
      DCP_RETURN_IF_ERROR(ToExactValue(table, i, row[i], row.back(), &(*values)[i]));
      continue;
    }
    DCP_RETURN_IF_ERROR(ToValue(table.columns[i], row[i], &(*values)[i]));
    if (i < plan.compared && plan.float_width[i]) row::NarrowToFloat(&(*values)[i]);
  }
  return absl::OkStatus();
}

}  // namespace dcp::verifier
