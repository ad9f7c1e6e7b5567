// The tables that the traffic of traffic.h goes to: with and without keys, of many
// column types.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

struct TrafficTable {
  std::string name;
  std::string definition;   // what stands behind CREATE TABLE and the name
  std::string foreign_row;  // a statement that no traffic gives: a write of the target's own
};
const std::vector<TrafficTable>& TrafficTables(Flavour flavour = Flavour::kMysql97);

// A column of the table `types`, and SQL literals that it is given.
struct TypedColumn {
  const char* name;
  const char* type;
  std::vector<const char*> literals;
  bool everywhere = true;  // false: MySQL 9.7 alone has the type, or the literals
};

// Those that a flavour has.
const std::vector<TypedColumn>& TypedColumns(Flavour flavour);

// The tables, and triggers, in a new database.
absl::Status CreateTrafficTables(MysqlServer& server, const std::string& database);

}  // namespace dcp::test
