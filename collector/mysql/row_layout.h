// RowLayout: which columns of a table's rows are compared and which are its key,
// for one tag. Made once per schema version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/mysql/table_router.h"
#include "collector/mysql/table_view.h"
#include "model/table.h"
#include "mysql/table_schema.h"

namespace dcp::collector {

struct RowLayout {
  const model::Table* table = nullptr;
  std::vector<uint32_t> compared;  // ordinals, in canonical order
  std::vector<uint32_t> key;       // ordinals, in key order; all of `compared` without a key
  std::vector<uint32_t> narrowed;  // ordinals of DOUBLEs that are compared as FLOAT
};

// `agreed`: the columns and the key that the rows are made of, by name; none: the table's own
// without `ignore_columns`.
//   kFailedPrecondition  the rows cannot be keyed or compared by this schema: says
//                        what is not known and which setting mends it
absl::StatusOr<RowLayout> MakeRowLayout(const mysql::TableSchema& schema,
                                        const TableRouter::Route& route,
                                        const std::optional<Encoding>& agreed,
                                        model::TableRegistry* registry);

}  // namespace dcp::collector
