// The tables of a server and their keys, as information_schema tells them.
//
// Errors are the connection's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cmd/dcp/inspect.h"
#include "collector/mysql/table_view.h"
#include "mysql/connection.h"
#include "verifier/table_rule.h"

namespace dcp::cmd {

// Column names in key order, by table ("db.table").
using TableKeys = std::map<std::string, std::vector<std::string>>;

// Those that the account may see, by name; without the server's own and the barrier's.
absl::StatusOr<std::vector<verifier::TableName>> ListTables(mysql::Connection& connection);

// The primary keys of all tables, in one statement.
absl::StatusOr<TableKeys> ReadPrimaryKeys(mysql::Connection& connection);

// The columns of all tables that are not the server's own, in their order, in one statement.
struct ListedColumns {
  std::vector<collector::ViewedColumn> columns;
  std::vector<ColumnType> types;
};
using TableColumns = std::map<std::string, ListedColumns>;
absl::StatusOr<TableColumns> ReadColumns(mysql::Connection& connection);

// Engines by table, and which engines have transactions.
struct TableEngines {
  std::map<std::string, std::string> of_tables;
  std::set<std::string> transactional;
};
absl::StatusOr<TableEngines> ReadEngines(mysql::Connection& connection);

// Whether a foreign key of `table` changes its rows when those that it refers to change. From SHOW
// CREATE TABLE: information_schema shows foreign keys to some accounts only. False: gone meanwhile.
absl::StatusOr<bool> ReadCascades(mysql::Connection& connection, const verifier::TableName& table);

// The key columns of `table`: of `primary`, else the first unique key without NULLs.
// Empty: it has none, or is gone.
absl::StatusOr<std::vector<std::string>> KeyOf(mysql::Connection& connection,
                                               const verifier::TableName& table,
                                               const TableKeys& primary);

}  // namespace dcp::cmd
