// The names under which columns are compared: the target's. A column of the source may have
// another one there. Letter case does not count.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mysql/table_schema.h"

namespace dcp::verifier {

struct RenamedColumn {
  std::string source, target;

  friend bool operator==(const RenamedColumn&, const RenamedColumn&) = default;
};
using RenamedColumns = std::vector<RenamedColumn>;

bool ContainsName(const std::vector<std::string>& names, absl::string_view name);

// The name under which `column` of the source is compared.
std::string ComparedName(const RenamedColumns& renamed, absl::string_view column);

// The column that is compared as `name`; null: there is none.
const mysql::Column* FindColumn(const mysql::TableSchema& schema, const RenamedColumns& renamed,
                                absl::string_view name);

//   kFailedPrecondition  a column that `renamed` names is not there, or two would have one name
absl::Status CheckRenamed(const mysql::TableSchema& schema, const RenamedColumns& renamed);

}  // namespace dcp::verifier
