#include "cmd/dcp/binlog_filter.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "model/wildcard.h"

namespace dcp::cmd {
namespace {

struct Pattern {
  std::string database;
  std::string table;
};

absl::StatusOr<Pattern> ParsePattern(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == text.size() ||
      text.find('.', dot + 1) != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--table must be database.table, where '*' stands for any characters (e.g. "
                     "shop.orders, 'shop.*'), not \"",
                     text, "\""));
  }
  return Pattern{text.substr(0, dot), text.substr(dot + 1)};
}

}  // namespace

absl::StatusOr<mysql::TableFilter> MakeTableFilter(const std::vector<std::string>& patterns) {
  std::vector<Pattern> parsed;
  for (const std::string& pattern : patterns) {
    DCP_ASSIGN_OR_RETURN(parsed.emplace_back(), ParsePattern(pattern));
  }
  if (parsed.empty()) return mysql::TableFilter();
  return mysql::TableFilter(
      [parsed = std::move(parsed)](absl::string_view database, absl::string_view table) {
        return std::any_of(parsed.begin(), parsed.end(), [&](const Pattern& pattern) {
          return model::MatchesWildcard(pattern.database, database) &&
                 model::MatchesWildcard(pattern.table, table);
        });
      });
}

}  // namespace dcp::cmd
