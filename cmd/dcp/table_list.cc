#include "cmd/dcp/table_list.h"

#include <utility>

#include "absl/strings/match.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "mysql/schema_catalog.h"

namespace dcp::cmd {
namespace {

using verifier::TableName;
using Names = std::vector<std::string>;

bool IsSystemDatabase(absl::string_view name) {
  for (const absl::string_view system :
       {"mysql", "sys", "information_schema", "performance_schema"}) {
    if (absl::EqualsIgnoreCase(name, system)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<TableName>> ListTables(mysql::Connection& connection) {
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                       "WHERE TABLE_TYPE LIKE '%BASE TABLE' OR TABLE_TYPE = 'SYSTEM VERSIONED' "
                       "ORDER BY TABLE_SCHEMA, TABLE_NAME"));
  std::vector<TableName> tables;
  for (const mysql::Row& row : rows) {
    TableName table{row[0].value_or(""), row[1].value_or("")};
    const bool is_barrier = table.database == barrier::kDatabase && table.name == barrier::kTable;
    if (!is_barrier && !IsSystemDatabase(table.database)) tables.push_back(std::move(table));
  }
  return tables;
}

absl::StatusOr<TableKeys> ReadPrimaryKeys(mysql::Connection& connection) {
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME "
                       "FROM information_schema.STATISTICS WHERE INDEX_NAME = 'PRIMARY' "
                       "ORDER BY TABLE_SCHEMA, TABLE_NAME, SEQ_IN_INDEX"));
  TableKeys keys;
  for (const mysql::Row& row : rows) {
    const TableName table{row[0].value_or(""), row[1].value_or("")};
    keys[table.ToString()].push_back(row[2].value_or(""));
  }
  return keys;
}

absl::StatusOr<TableColumns> ReadColumns(mysql::Connection& connection) {
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE "
                       "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN "
                       "('mysql', 'sys', 'information_schema', 'performance_schema') "
                       "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"));
  TableColumns columns;
  for (const mysql::Row& row : rows) {
    const TableName table{row[0].value_or(""), row[1].value_or("")};
    collector::ViewedColumn column;
    column.name = row[2].value_or("");
    if (row[3] == "float") column.real = collector::Real::kFloat;
    if (row[3] == "double") column.real = collector::Real::kDouble;
    columns[table.ToString()].push_back(std::move(column));
  }
  return columns;
}

absl::StatusOr<Names> KeyOf(mysql::Connection& connection, const TableName& table,
                            const TableKeys& primary) {
  const auto found = primary.find(table.ToString());
  if (found != primary.end()) return found->second;
  const auto schema = mysql::ReadTableSchema(connection, table.database, table.name);
  if (absl::IsNotFound(schema.status())) return Names();  // dropped meanwhile
  DCP_RETURN_IF_ERROR(schema.status());
  Names key;
  for (const uint32_t i : schema->key_columns) key.push_back(schema->columns[i].name);
  return key;
}

}  // namespace dcp::cmd
