// What one tag takes from a MySQL server. Plain values; cmd/ fills them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "barrier/barrier_table.h"
#include "model/tag.h"
#include "row/digest.h"
#include "row/key.h"

namespace dcp::collector {

// Some tables: `match` is "db.table" where `*` stands for any characters and `?`
// for one, in either part (`*` alone does not reach over the point). Case counts.
struct TablePattern {
  std::string match;
  std::string as;  // logical name "db.table"; empty: each table keeps its own
  std::vector<std::string> ignore_columns;
};

struct MysqlTag {
  model::Tag tag;
  std::vector<TablePattern> tables;  // the first that matches a table counts
  row::KeyFormat key_format = row::KeyFormat::kDcp;
  row::DigestKind digest = row::DigestKind::kXxh3;
  bool capture_rows = true;
  uint32_t barrier_id = barrier::kDefaultId;  // of the row in drc.barrier
};

}  // namespace dcp::collector
