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

}  // namespace dcp::mysql
