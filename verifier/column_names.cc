#include "verifier/column_names.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace dcp::verifier {

bool ContainsName(const std::vector<std::string>& names, absl::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return absl::EqualsIgnoreCase(other, name); });
}

std::string ComparedName(const RenamedColumns& renamed, absl::string_view column) {
  for (const RenamedColumn& one : renamed) {
    if (absl::EqualsIgnoreCase(one.source, column)) return one.target;
  }
  return std::string(column);
}

const mysql::Column* FindColumn(const mysql::TableSchema& schema, const RenamedColumns& renamed,
                                absl::string_view name) {
  const auto found =
      std::find_if(schema.columns.begin(), schema.columns.end(), [&](const mysql::Column& column) {
        return absl::EqualsIgnoreCase(ComparedName(renamed, column.name), name);
      });
  return found == schema.columns.end() ? nullptr : &*found;
}

absl::Status CheckRenamed(const mysql::TableSchema& schema, const RenamedColumns& renamed) {
  const std::string table = absl::StrCat(schema.database, ".", schema.name);
  for (const RenamedColumn& one : renamed) {
    if (FindColumn(schema, {}, one.source) != nullptr) continue;
    return absl::FailedPreconditionError(absl::StrCat("'columns' of the job names ", one.source,
                                                      ", which ", table,
                                                      " on the source does not have"));
  }
  std::vector<std::string> names;
  for (const mysql::Column& column : schema.columns) {
    const std::string name = ComparedName(renamed, column.name);
    if (ContainsName(names, name)) {
      return absl::FailedPreconditionError(absl::StrCat("by 'columns' of the job two columns of ",
                                                        table, " on the source would be ", name,
                                                        " on the target"));
    }
    names.push_back(name);
  }
  return absl::OkStatus();
}

}  // namespace dcp::verifier
