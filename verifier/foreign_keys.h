// Foreign keys of a server: in which order tables are to be written, and which rows a statement
// would change beyond its own.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mysql/connection.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

struct ForeignKey {
  TableName child, parent;
  std::vector<std::string> child_columns, parent_columns;  // one to one
  // What the server does to children by itself: anything but refusing.
  bool acts_on_delete = false, acts_on_update = false;

  friend bool operator==(const ForeignKey&, const ForeignKey&) = default;
};

// What lists a server's foreign keys, and its rows.
inline constexpr char kListForeignKeysSql[] =
    "SELECT k.CONSTRAINT_SCHEMA, k.CONSTRAINT_NAME, k.TABLE_SCHEMA, k.TABLE_NAME, k.COLUMN_NAME, "
    "k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, "
    "r.UPDATE_RULE FROM information_schema.KEY_COLUMN_USAGE k JOIN "
    "information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA "
    "AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME "
    "WHERE k.REFERENCED_TABLE_NAME IS NOT NULL "
    "ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";
std::vector<ForeignKey> ToForeignKeys(const mysql::Rows& rows);

// The places in `tables`, parents before children; tables that refer to each other in a circle
// stand in the order given.
std::vector<size_t> ParentsFirst(const std::vector<TableName>& tables,
                                 const std::vector<ForeignKey>& keys);

}  // namespace dcp::verifier
