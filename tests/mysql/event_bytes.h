// The bytes of events, for unit tests and fuzz targets: no test framework here.
#pragma once

#include <cstdint>
#include <string>

#include "mysql/bytes.h"
#include "mysql/event.h"

namespace dcp::mysql {

// `value`, least significant byte first.
std::string LittleEndian(uint64_t value, size_t bytes);

// Sets the last 4 bytes to the CRC32 of those before.
void FixChecksum(std::string* event);

}  // namespace dcp::mysql
