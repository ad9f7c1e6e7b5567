// Which tables of a server belong to a tag, and under which logical names.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::verifier {

struct TableName {
  std::string database;
  std::string name;

  std::string ToString() const { return database + "." + name; }
  friend bool operator==(const TableName&, const TableName&) = default;
};

// "db.table" at its first dot; without one all of it is the table's name.
TableName SplitTableName(absl::string_view text);

struct TableRule {
  std::string match;  // "db.table"; in either part '*' is any characters, '?' any one
  std::string as;     // logical name; empty: each table keeps its own
  std::vector<std::string> ignore_columns;
};

bool HasWildcard(const TableRule& rule);
bool Matches(const TableRule& rule, const TableName& table);

// The first rule that matches `table`; null: the table does not belong to the tag.
const TableRule* FindRule(const std::vector<TableRule>& rules, const TableName& table);

// The name under which `table` is compared by `rule`.
std::string LogicalName(const TableRule& rule, const TableName& table);

}  // namespace dcp::verifier
