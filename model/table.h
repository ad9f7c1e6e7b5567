// Table: what the checker must know of a logical table. Interned: a pointer
// stays valid for the life of the process, and is compared by `name`.
//
// TableRegistry is thread-safe. It grows by one entry per (name, columns,
// keyless, key_columns) ever seen, i.e. per schema version of a checked table.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mutex.h"

namespace dcp::model {

struct Table {
  std::string name;                           // logical name, "db.table"
  std::vector<std::string> columns;           // compared columns in canonical order; may be empty
  bool keyless = false;                       // the whole row is the key, versions are counts
  std::vector<std::string> key_columns = {};  // of a row's key, in its order; empty: not known
};

class TableRegistry {
 public:
  const Table* Intern(Table table) ABSL_LOCKS_EXCLUDED(mu_);

  // The newest of this name; null when there is none.
  const Table* Find(absl::string_view name) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable Mutex mu_;
  std::deque<Table> tables_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::model
