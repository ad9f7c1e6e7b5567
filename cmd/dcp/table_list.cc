#include "cmd/dcp/table_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

// A line of SHOW CREATE TABLE: the actions stand behind the last column of the key.
bool IsCascade(absl::string_view line) {
  if (!absl::StartsWith(line, "  CONSTRAINT `") || !absl::StrContains(line, " FOREIGN KEY (")) {
    return false;
  }
  const absl::string_view actions = line.substr(line.rfind(')'));
  for (const absl::string_view action : {"CASCADE", "SET NULL", "SET DEFAULT"}) {
    if (absl::StrContains(actions, absl::StrCat(" ", action))) return true;
  }
  return false;
}

bool HasCascade(absl::string_view create_table) {
  const std::vector<absl::string_view> lines = absl::StrSplit(create_table, '\n');
  return std::any_of(lines.begin(), lines.end(), IsCascade);
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
    const bool is_own = barrier::IsOwnTable(table.database, table.name);
    if (!is_own && !IsSystemDatabase(table.database)) tables.push_back(std::move(table));
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
      connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, "
                       "CHARACTER_SET_NAME "
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
    ListedColumns& listed = columns[table.ToString()];
    listed.types.push_back({column.name, row[4].value_or(""), row[5].value_or("")});
    listed.columns.push_back(std::move(column));
  }
  return columns;
}

absl::StatusOr<TableEngines> ReadEngines(mysql::Connection& connection) {
  TableEngines engines;
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows known,
      connection.Query("SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'"));
  for (const mysql::Row& row : known) engines.transactional.insert(row[0].value_or(""));
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES "
                       "WHERE ENGINE IS NOT NULL AND TABLE_SCHEMA NOT IN "
                       "('mysql', 'sys', 'information_schema', 'performance_schema')"));
  for (const mysql::Row& row : rows) {
    const TableName table{row[0].value_or(""), row[1].value_or("")};
    engines.of_tables[table.ToString()] = row[2].value_or("");
  }
  return engines;
}

absl::StatusOr<bool> ReadCascades(mysql::Connection& connection, const TableName& table) {
  const auto rows = connection.Query(absl::StrCat(
      "SHOW CREATE TABLE ", mysql::QuoteName(table.database), ".", mysql::QuoteName(table.name)));
  if (absl::IsNotFound(rows.status())) return false;
  DCP_RETURN_IF_ERROR(rows.status());
  if (rows->empty() || (*rows)[0].size() < 2) return false;
  return HasCascade((*rows)[0][1].value_or(""));
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
