// TablePlan: how the rows of one logical table are read on both sides, so that equal
// rows give equal canonical rows.
//
// Key columns are the source's, by name on every table. Compared are the columns asked
// for (else the source's, in its order) that are not ignored and that every table has.
// FLOAT beside DOUBLE: both as FLOAT. Names of columns differ in letter case only: the same.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/value.h"
#include "mysql/connection.h"
#include "mysql/table_schema.h"
#include "verifier/row_key.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

// One physical table. `columns` are the compared ones and behind them those of the key.
struct TableRead {
  TableName name;
  std::vector<mysql::Column> columns;
};

struct TablePlan {
  size_t compared = 0;            // number of compared columns
  size_t key_columns = 0;         // number of key columns
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
};

//   kFailedPrecondition  no key, or a side lacks the table or a key column
//   kUnimplemented       a column's type is not supported
absl::StatusOr<TablePlan> MakePlan(const PlanInput& input);

// "SELECT … FROM … WHERE ", to be followed by conditions.
std::string SelectFrom(const TableRead& table);

// The condition that finds the row with `key`; nullopt: the table cannot hold it.
// Errors as KeyLiteral.
absl::StatusOr<std::optional<std::string>> KeyCondition(const TablePlan& plan,
                                                        const TableRead& table,
                                                        const std::vector<KeyPart>& key);

// One row of SelectFrom(), in the order of `table.columns`. Errors as ToValue.
absl::Status ToValues(const TablePlan& plan, const TableRead& table, const mysql::Row& row,
                      std::vector<model::Value>* values);

}  // namespace dcp::verifier
