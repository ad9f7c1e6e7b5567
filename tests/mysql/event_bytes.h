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

// An event with a right header; with its CRC32 if `checksum`.
std::string MakeEvent(uint8_t type, const std::string& body, bool checksum = false,
                      uint16_t flags = 0, uint32_t log_pos = 0);

}  // namespace dcp::mysql
