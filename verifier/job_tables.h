// Which tables a job compares: from its rules and what the servers have.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mysql/connection.h"
#include "verifier/column_names.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

struct JobTableRule {
  TableRule rule;     // `match` on the source; `as`: the table's name on the target
  std::string where;  // only rows that satisfy it, on both sides; empty: all
  // In place of `where` on the target, where columns have other names; empty: `where`.
  std::string target_where = {};
  RenamedColumns columns = {};
  std::string key = {};  // only the row with this key, a canonical JSON array; empty: all
};

// A table that a server has.
struct ListedTable {
  TableName name;
  bool is_base = true;      // not a view, nor a sequence
  uint64_t rows_about = 0;  // as the server estimates
};

// What lists a server's tables, and its rows.
inline constexpr char kListTablesSql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_ROWS FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema') "
    "ORDER BY TABLE_SCHEMA, TABLE_NAME";
std::vector<ListedTable> ToListedTables(const mysql::Rows& rows);

// One comparison. The logical name is the target's.
struct TableTask {
  std::string logical;
  std::vector<TableName> source;  // never empty unless skipped
  TableName target;
  std::vector<RenamedColumns> renamed;  // of each of `source`
  std::vector<std::string> ignore_columns;
  std::vector<std::string> where;  // of each of `source`
  std::string target_where, key;
  bool bytes = false;       // the bytes that are stored are compared, not values
  uint64_t rows_about = 0;  // on the source
  std::string skipped;      // why it cannot be compared; empty: it can
};

// In the order of the logical names. What a rule names and a server lacks is a skipped task; a
// table that only the target has is one too, where a rule takes it in under its own name. Patterns
// leave out what is no table, and the barrier's.
std::vector<TableTask> ChooseTables(const std::vector<JobTableRule>& rules,
                                    const std::vector<ListedTable>& source,
                                    const std::vector<ListedTable>& target);

}  // namespace dcp::verifier
