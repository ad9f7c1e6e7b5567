#include "tests/cmd/fault_points.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "tests/cmd/dcp_process.h"

namespace dcp::test {
namespace {

namespace fs = std::filesystem;

// Folders of the program.
bool HoldsSources(const fs::path& folder) {
  static const std::set<std::string> kOthers = {"build", "tests", "docs", "script"};
  const std::string name = folder.filename().string();
  return fs::is_directory(folder) && name[0] != '.' && !kOthers.contains(name);
}

void CollectFrom(const fs::path& file, std::set<std::string>* points) {
  static const std::regex kCall(R"re(\bFaultPoint\(("([a-z_]+\.[a-z_]+)"\))?)re");
  const std::string text = ReadFile(file.string());
  for (std::sregex_iterator it(text.begin(), text.end(), kCall), end; it != end; ++it) {
    const std::string name = (*it)[2].str();
    EXPECT_FALSE(name.empty()) << file << ": a fault point without a name";
    EXPECT_TRUE(points->insert(name).second) << file << ": another point is named " << name;
  }
}

}  // namespace

std::vector<std::string> FaultPoints() {
  std::set<std::string> points;
  for (const fs::directory_entry& folder : fs::directory_iterator(DCP_SOURCE_DIR)) {
    if (!HoldsSources(folder.path())) continue;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder)) {
      if (file.path().filename() == "fault_point.cc") continue;  // what is called
      if (file.path().extension() == ".cc") CollectFrom(file.path(), &points);
    }
  }
  return {points.begin(), points.end()};
}

}  // namespace dcp::test
