// Where a test may write.
#pragma once

#include <string>

namespace dcp::test {

// A throw-away directory; kept and named where the test has failed.
class TestDir {
 public:
  // Among the temporary files, or in `root`.
  explicit TestDir(const std::string& name, const std::string& root = "");
  ~TestDir();
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

}  // namespace dcp::test
