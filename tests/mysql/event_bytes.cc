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

}  // namespace dcp::mysql
