// The tables that `dcp binlog --table` names.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mysql/event_decoder.h"

namespace dcp::cmd {

// True for the tables that one of `patterns` matches: `database.table`, in which
// `*` stands for any characters and `?` for any one. Without patterns the filter is empty: all
// tables.
//   kInvalidArgument  names the pattern that is not of this form
absl::StatusOr<mysql::TableFilter> MakeTableFilter(const std::vector<std::string>& patterns);

}  // namespace dcp::cmd
