#include "collector/mysql/table_router.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "model/wildcard.h"

namespace dcp::collector {
namespace {

absl::Status Invalid(const MysqlTag& tag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("tag \"", tag.tag.value(), "\": ", what));
}

absl::Status CheckKeyFormat(const MysqlTag& tag) {
  if (tag.key_format != row::KeyFormat::kGravity) return absl::OkStatus();
  if (tag.tables.size() == 1 && !model::HasWildcard(tag.tables[0].match)) return absl::OkStatus();
  return Invalid(tag,
                 "key_format = \"gravity\" has no table name in its keys and so is only for a tag "
                 "of exactly one table; give each table a tag of its own, or use \"dcp\"");
}

}  // namespace

absl::StatusOr<std::vector<TableRouter::Entry>> TableRouter::EntriesOf(const MysqlTag& tag) {
  DCP_RETURN_IF_ERROR(CheckKeyFormat(tag));
  std::vector<Entry> entries;
  for (const TablePattern& pattern : tag.tables) {
    const size_t point = pattern.match.find('.');
    if (point == std::string::npos || point == 0 || point + 1 == pattern.match.size()) {
      return Invalid(tag, absl::StrCat("\"", pattern.match,
                                       "\" is not of the form \"database.table\" (wildcards * and "
                                       "? are allowed in both)"));
    }
    entries.push_back({pattern, pattern.match.substr(0, point), pattern.match.substr(point + 1)});
  }
  return entries;
}

absl::StatusOr<TableRouter> TableRouter::Create(const std::vector<MysqlTag>& tags) {
  TableRouter router;
  std::set<model::Tag> seen;
  for (const MysqlTag& tag : tags) {
    if (!seen.insert(tag.tag).second) {
      return Invalid(tag, "is given twice to one collector; list all its tables in one entry");
    }
    DCP_ASSIGN_OR_RETURN(std::vector<Entry> entries, EntriesOf(tag));
    router.tags_.push_back(std::move(entries));
  }
  return router;
}

std::vector<TableRouter::Route> TableRouter::RoutesOf(absl::string_view database,
                                                      absl::string_view table) const {
  std::vector<Route> routes;
  if (barrier::IsOwnTable(database, table)) return routes;
  for (size_t tag = 0; tag < tags_.size(); ++tag) {
    for (const Entry& entry : tags_[tag]) {
      if (!model::MatchesWildcard(entry.database, database) ||
          !model::MatchesWildcard(entry.table, table)) {
        continue;
      }
      const std::string& as = entry.pattern.as;
      routes.push_back({tag, as.empty() ? absl::StrCat(database, ".", table) : as, &entry.pattern});
      break;
    }
  }
  return routes;
}

std::vector<std::string> TableRouter::ExactTablesIn(absl::string_view database, size_t tag) const {
  std::vector<std::string> names;
  for (const Entry& entry : tags_[tag]) {
    if (entry.database != database || model::HasWildcard(entry.table)) continue;
    names.push_back(entry.pattern.as.empty() ? entry.pattern.match : entry.pattern.as);
  }
  return names;
}

}  // namespace dcp::collector
