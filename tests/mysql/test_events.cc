#include "tests/mysql/test_events.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace dcp::mysql {

std::string TestFile(const std::string& name) { return std::string(DCP_TESTDATA "/") + name; }

std::string ReadTestFile(const std::string& name) {
  std::ifstream file(TestFile(name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::string> EventsOf(const std::string& name) {
  const std::string file = ReadTestFile(name);
  std::vector<std::string> events;
  for (size_t at = 4; at + kEventHeaderSize <= file.size();) {
    const auto size = static_cast<size_t>(LoadLe<4>(AsBytes(file).data() + at + 9));
    events.push_back(file.substr(at, size));
    at += size;
  }
  return events;
}

std::string Le(uint64_t value, size_t bytes) { return LittleEndian(value, bytes); }

std::string MakeEvent(uint8_t type, const std::string& body, bool checksum, uint16_t flags,
                      uint32_t log_pos) {
  const size_t size = kEventHeaderSize + body.size() + (checksum ? kChecksumSize : 0);
  std::string event =
      Le(1, 4) + Le(type, 1) + Le(7, 4) + Le(size, 4) + Le(log_pos, 4) + Le(flags, 2) + body;
  if (checksum) {
    event += "crc!";
    FixChecksum(&event);
  }
  return event;
}

}  // namespace dcp::mysql
