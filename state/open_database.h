// OpenDatabase: the database of a state directory, whole and of the present form.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_io.h"
#include "state/sqlite.h"

namespace dcp::state {

// The file system that it lies in.
struct Disk {
  FileIo* io = &FileIo::Real();
  std::string vfs;  // the same, by SQLite's name for it; empty: the real one
};

struct OpenedDatabase {
  std::unique_ptr<Database> db;
  bool is_new = false;
};

// The caller holds the directory's lock. A database is created under another name and
// gets its own when it is complete, so that an empty or cut one is always damage.
//   errors: see StateStore::Open()
absl::StatusOr<OpenedDatabase> OpenDatabase(const Disk& disk, const std::string& dir);

// Of a directory that a daemon may be working with, which holds the lock: creates nothing and
// changes no form.
//   kNotFound            there is no state in `dir`
//   kFailedPrecondition  it is of another version
//   and what state/sqlite.h says
absl::StatusOr<std::unique_ptr<Database>> OpenPresent(const std::string& dir, Database::Mode mode);

}  // namespace dcp::state
