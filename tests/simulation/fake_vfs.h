// FakeVfs: lets SQLite work on a FakeDisk. While one stands it is SQLite's default, so that
// SQLite's chance is the disk's too.
//
// One at a time, and one connection per database.
#pragma once

#include <sqlite3.h>

#include <string>

#include "tests/simulation/fake_disk.h"

namespace dcp::simulation {

class FakeVfs {
 public:
  // Databases are written back once their log has so many pages. `disk` outlives it.
  FakeVfs(FakeDisk& disk, int pages);
  ~FakeVfs();
  FakeVfs(const FakeVfs&) = delete;
  FakeVfs& operator=(const FakeVfs&) = delete;

  std::string name() const { return vfs_.zName; }

 private:
  sqlite3_vfs vfs_;
};

}  // namespace dcp::simulation
