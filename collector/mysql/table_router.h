// TableRouter tells which tags a server's table feeds, and as what.
//
// Immutable after creation, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/mysql/tag_options.h"

namespace dcp::collector {

class TableRouter {
 public:
  struct Route {
    size_t tag = 0;                         // index in the tags given to Create
    std::string logical_name;               // "db.table"
    const TablePattern* pattern = nullptr;  // lives as long as the router
  };

  // kInvalidArgument: names the tag and the pattern, and says what is wrong
  //   (no point in it, a tag twice, key_format = gravity for several tables).
  static absl::StatusOr<TableRouter> Create(const std::vector<MysqlTag>& tags);

  // At most one route per tag; empty when nothing takes the table.
  std::vector<Route> RoutesOf(absl::string_view database, absl::string_view table) const;

  // Logical names that `tag` takes from patterns without wildcards in `database`.
  std::vector<std::string> ExactTablesIn(absl::string_view database, size_t tag) const;

 private:
  struct Entry {
    TablePattern pattern;
    std::string database;  // the two parts of pattern.match
    std::string table;
  };

  static absl::StatusOr<std::vector<Entry>> EntriesOf(const MysqlTag& tag);

  std::vector<std::vector<Entry>> tags_;
};

}  // namespace dcp::collector
