// The binlog files that a collector's `files` names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace dcp::cmd {

// Names with `*`, `?` or `[` become the files that they match and that end in a number, by that;
// others stay as they are.
//   kNotFound  a name with wildcards matches none
absl::StatusOr<std::vector<std::string>> ExpandFiles(const std::vector<std::string>& names);

// "/backup/binlog.000001 … binlog.000007 (7 files)": for people.
std::string DescribeFiles(const std::vector<std::string>& files);

}  // namespace dcp::cmd
