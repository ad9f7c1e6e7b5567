#include "tests/mysql/event_bytes.h"

#include <zlib.h>

namespace dcp::mysql {

std::string LittleEndian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

// By another library than the one under test.
void FixChecksum(std::string* event) {
  const size_t covered = event->size() - kChecksumSize;
  event->resize(covered);
  *event += LittleEndian(crc32_z(0, AsBytes(*event).data(), covered), 4);
}

std::string MakeEvent(uint8_t type, const std::string& body, bool checksum, uint16_t flags,
                      uint32_t log_pos) {
  const size_t size = kEventHeaderSize + body.size() + (checksum ? kChecksumSize : 0);
  std::string event = LittleEndian(1, 4) + LittleEndian(type, 1) + LittleEndian(7, 4) +
                      LittleEndian(size, 4) + LittleEndian(log_pos, 4) + LittleEndian(flags, 2) +
                      body;
  if (checksum) {
    event += "crc!";
    FixChecksum(&event);
  }
  return event;
}

}  // namespace dcp::mysql
