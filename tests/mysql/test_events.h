// Binlog events for tests: made by hand, or cut out of captured files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mysql/bytes.h"
#include "mysql/event.h"
#include "tests/mysql/event_bytes.h"

namespace dcp::mysql {

// A folder of captured files: minimal.binlog (all kinds of groups, MINIMAL row
// metadata) and full.binlog (FULL), written by MySQL 9.7; mariadb_types.binlog
// (FULL), by MariaDB 10.11.
std::string TestFile(const std::string& name);
std::string ReadTestFile(const std::string& name);

// The events of a captured file, header to checksum.
std::vector<std::string> EventsOf(const std::string& name);

// `value`, least significant byte first.
std::string Le(uint64_t value, size_t bytes);

}  // namespace dcp::mysql
