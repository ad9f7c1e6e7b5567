// OpenDatabase: the database of a state directory, whole and of the present form.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "state/sqlite.h"

namespace dcp::state {

struct OpenedDatabase {
  std::unique_ptr<Database> db;
  bool is_new = false;
};

// The caller holds the directory's lock. A database is created under another name and
// gets its own when it is complete, so that an empty or cut one is always damage.
//   errors: see StateStore::Open()
absl::StatusOr<OpenedDatabase> OpenDatabase(const std::string& dir);

}  // namespace dcp::state
