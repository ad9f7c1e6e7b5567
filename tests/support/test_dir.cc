#include "tests/support/test_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <iostream>

namespace dcp::test {

namespace fs = std::filesystem;

TestDir::TestDir(const std::string& name, const std::string& root) {
  const fs::path base = root.empty() ? fs::temp_directory_path() : fs::path(root);
  std::string path = (base / (name + "-XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "cannot make " << path;
  path_ = path;
}

TestDir::~TestDir() {
  if (::testing::Test::HasFailure()) {
    std::cerr << "kept: " << path_ << "\n";
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace dcp::test
