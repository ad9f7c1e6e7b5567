#include "cmd/dcp/table_warnings.h"

#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cmd/dcp/setting_text.h"

namespace dcp::cmd {
namespace {

using mysql::ServerSettings;
using Names = std::vector<std::string>;

Names NamesWhere(const std::vector<InspectedTable>& tables,
                 const std::function<bool(const InspectedTable&)>& wanted) {
  Names names;
  for (const InspectedTable& table : tables) {
    if (wanted(table)) names.push_back(table.name);
  }
  return names;
}

void WarnKeyless(const std::vector<InspectedTable>& tables, Names* warnings) {
  const Names names = NamesWhere(tables, [](const auto& table) { return table.key.empty(); });
  if (names.empty()) return;
  warnings->push_back(absl::StrCat(
      ListNames(names), names.size() == 1 ? " has" : " have",
      " neither a primary key nor a unique key without NULLs: the rows are compared by their "
      "number, and a difference cannot be confirmed by reading them; ALTER TABLE … ADD PRIMARY "
      "KEY mends it"));
}

void WarnCascades(const std::vector<InspectedTable>& tables, const ServerSettings& server,
                  Names* warnings) {
  if (!server.native_foreign_keys) return;
  const Names names = NamesWhere(tables, [](const auto& table) { return table.cascades; });
  if (names.empty()) return;
  warnings->push_back(absl::StrCat(
      "foreign keys of ", ListNames(names),
      " cascade (ON DELETE or ON UPDATE CASCADE, SET NULL, SET DEFAULT), and this server's binlog "
      "does not show the rows that they change: those are not compared; compare the tables by a "
      "[[job]] (dcp verify)",
      server.has_sql_foreign_keys ? ", or start the server with --innodb-native-foreign-keys=OFF"
                                  : ""));
}

void WarnMemory(const std::vector<InspectedTable>& tables, Names* warnings) {
  const Names names = NamesWhere(
      tables, [](const auto& table) { return absl::EqualsIgnoreCase(table.engine, "MEMORY"); });
  if (names.empty()) return;
  warnings->push_back(absl::StrCat(ListNames(names), names.size() == 1 ? " is" : " are",
                                   " of ENGINE = MEMORY: a restart of this server alone empties ",
                                   names.size() == 1 ? "it" : "them",
                                   ", which is a difference of kind ddl; ALTER TABLE … "
                                   "ENGINE = InnoDB mends it"));
}

void WarnTriggers(const ServerSettings& server, Names* warnings) {
  if (server.run_triggers_for_rows.empty()) return;
  warnings->push_back(absl::StrCat(
      "slave_run_triggers_for_rbr is ", server.run_triggers_for_rows,
      ": triggers of this server run for replicated rows, and what they write is a difference",
      server.run_triggers_for_rows == "YES" ? " that its binlog does not show" : "",
      "; STOP SLAVE; SET GLOBAL slave_run_triggers_for_rbr = NO; START SLAVE, or leave the tables "
      "that they write out of the check"));
}

// ---- types ----

const ColumnType* FindType(const InspectedTable& table, absl::string_view name) {
  for (const ColumnType& type : table.types) {
    if (absl::EqualsIgnoreCase(type.name, name)) return &type;
  }
  return nullptr;
}

// "int(10) unsigned" is "int".
absl::string_view BaseOf(absl::string_view type) {
  return type.substr(0, type.find_first_of("( "));
}

bool IsUnsigned(absl::string_view type) { return absl::StrContains(type, " unsigned"); }

bool IsInteger(absl::string_view base) {
  return absl::EndsWith(base, "int");  // tinyint … bigint
}

// Bytes that mean the same characters in both charsets.
bool SameBytes(absl::string_view from, absl::string_view to) {
  if (from == to || from == "ascii") return true;
  const auto utf8 = [](absl::string_view name) {
    return name == "utf8" || name == "utf8mb3" || name == "utf8mb4";
  };
  return utf8(from) && utf8(to);
}

// "enum('a','b')" and "enum('a','b','c')": the numbers mean the same labels.
bool SameLabels(absl::string_view from, absl::string_view to) {
  absl::ConsumeSuffix(&from, ")");
  return absl::StartsWith(to, absl::StrCat(from, ")")) ||
         absl::StartsWith(to, absl::StrCat(from, ","));
}

// What becomes of the source's values in the target's column; empty: nothing.
std::string OddWrites(const ColumnType& from, const ColumnType& to, const ServerSettings& server) {
  const absl::string_view base = BaseOf(from.type), here = BaseOf(to.type);
  const bool takes_unsigned =
      server.mariadb || absl::StrContains(server.type_conversions, "ALL_UNSIGNED");
  if (IsInteger(base) && IsInteger(here) && base != here && IsUnsigned(from.type) &&
      !takes_unsigned) {
    return "large numbers are taken for negative ones: add ALL_UNSIGNED to "
           "replica_type_conversions";
  }
  if ((base == "enum" || base == "set") && base == here && !SameLabels(from.type, to.type)) {
    return "its labels stand in another order, and rows carry their numbers: give it the same "
           "definition";
  }
  if (!from.charset.empty() && !to.charset.empty() && !SameBytes(from.charset, to.charset)) {
    return absl::StrCat("rows carry bytes of ", from.charset, ", which are taken for ", to.charset,
                        ": give both one charset");
  }
  if (base == "varchar" && here == "char") {
    return "blanks at the end are lost: give it the same type";
  }
  return "";
}

void AddOddColumns(const InspectedTable& from, const InspectedTable& to,
                   const ServerSettings& server, Names* warnings) {
  for (const collector::ViewedColumn& column : from.columns) {
    const ColumnType* source = FindType(from, column.name);
    const ColumnType* target = FindType(to, column.name);
    if (column.ignored || source == nullptr || target == nullptr) continue;
    const std::string odd = OddWrites(*source, *target, server);
    if (odd.empty()) continue;
    warnings->push_back(absl::StrCat(to.name, ".", target->name, " is ", target->type,
                                     " and on the source ", source->type, ": ", odd));
  }
}

}  // namespace

std::vector<std::string> TableWarnings(const std::vector<InspectedTable>& tables,
                                       const ServerSettings& server, bool is_target) {
  Names warnings;
  WarnKeyless(tables, &warnings);
  WarnCascades(tables, server, &warnings);
  WarnMemory(tables, &warnings);
  if (is_target) WarnTriggers(server, &warnings);
  return warnings;
}

std::vector<std::string> OvertakingWarnings(const config::CheckOptions& check,
                                            const std::vector<InspectedTable>& tables,
                                            const ServerSettings& target) {
  Names warnings;
  if (target.channels.empty() || target.parallel_workers < 2) return warnings;
  const std::string appliers =
      absl::StrCat("with ", target.parallel_workers,
                   " appliers and align = \"barrier\" it may be overtaken by any number of "
                   "barriers, not only by lateness = ",
                   check.lateness, " of check '", check.name, "'");
  if (!target.preserve_commit_order) {
    const bool old = absl::StartsWith(target.version, "5.");
    warnings.push_back(
        absl::StrCat(old ? "slave" : "replica",
                     "_preserve_commit_order is OFF: a long transaction is overtaken "
                     "by those behind it, and ",
                     appliers, "; set align = \"gtid\", or STOP ", old ? "SLAVE" : "REPLICA",
                     "; SET GLOBAL ", old ? "slave" : "replica", "_preserve_commit_order = ON"));
  }
  const Names loose = NamesWhere(tables, [](const auto& table) { return !table.transactional; });
  if (!loose.empty()) {
    warnings.push_back(absl::StrCat(ListNames(loose), loose.size() == 1 ? " is" : " are",
                                    " not transactional: a row does not wait for its commit, and ",
                                    appliers, "; ALTER TABLE … ENGINE = InnoDB mends it"));
  }
  return warnings;
}

std::vector<std::string> TypeWarnings(const std::vector<InspectedTable>& source,
                                      const std::vector<InspectedTable>& target,
                                      const ServerSettings& server) {
  std::map<std::string, const InspectedTable*> by_name;
  for (const InspectedTable& table : source) by_name.emplace(table.logical, &table);
  Names warnings;
  for (const InspectedTable& table : target) {
    const auto found = by_name.find(table.logical);
    if (found != by_name.end()) AddOddColumns(*found->second, table, server, &warnings);
  }
  return warnings;
}

}  // namespace dcp::cmd
