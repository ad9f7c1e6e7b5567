// RowLayout: which columns of a table's rows are compared and which are its key,
// for one tag. Made once per schema version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/mysql/table_router.h"
#include "model/table.h"
#include "mysql/table_schema.h"

namespace dcp::collector {

// What the source of a check says about one logical table: its compared columns and
// its key columns, by name. Every tag of the check follows it.
struct SourceColumns {
  std::vector<std::string> compared;
  std::vector<std::string> key;  // empty: the table has no key
};

// Asked once per schema version; nullopt where the source has not shown the table
// yet, or where this collector is the source: then the table's own columns and
// keys count.
using SourceColumnsOf =
    std::function<std::optional<SourceColumns>(const model::Tag& tag, const std::string& table)>;

struct RowLayout {
  const model::Table* table = nullptr;
  std::vector<uint32_t> compared;  // ordinals, in canonical order
  std::vector<uint32_t> key;       // ordinals, in key order; all of `compared` without a key
};

// Columns that are not compared: `ignore_columns`. (Columns that one side lacks,
// generated or invisible ones, are left out through SourceColumns.)
//   kFailedPrecondition  the rows cannot be keyed or compared by this schema: says
//                        what is not known and which setting mends it
absl::StatusOr<RowLayout> MakeRowLayout(const mysql::TableSchema& schema,
                                        const TableRouter::Route& route,
                                        const std::optional<SourceColumns>& source,
                                        model::TableRegistry* registry);

}  // namespace dcp::collector
