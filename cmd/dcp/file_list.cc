#include "cmd/dcp/file_list.h"

#include <glob.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/binlog_place.h"

namespace dcp::cmd {
namespace {

absl::StatusOr<std::vector<std::string>> Match(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found = {};
  const int result = glob(pattern.c_str(), 0, nullptr, &found);
  for (size_t i = 0; result == 0 && i < found.gl_pathc; ++i) {
    const std::string file = found.gl_pathv[i];
    if (mysql::FileNumber(file) != 0) files.push_back(file);
  }
  globfree(&found);
  if (files.empty()) {
    return absl::NotFoundError(
        absl::StrCat(pattern, ": no file whose name ends in a number matches it"));
  }
  std::sort(files.begin(), files.end(), [](const std::string& a, const std::string& b) {
    const uint64_t first = mysql::FileNumber(a), second = mysql::FileNumber(b);
    return std::tie(first, a) < std::tie(second, b);
  });
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandFiles(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    if (name.find_first_of("*?[") == std::string::npos) {
      files.push_back(name);
      continue;
    }
    DCP_ASSIGN_OR_RETURN(const std::vector<std::string> matched, Match(name));
    files.insert(files.end(), matched.begin(), matched.end());
  }
  return files;
}

std::string DescribeFiles(const std::vector<std::string>& files) {
  if (files.empty()) return "no file";
  if (files.size() == 1) return files[0];
  const std::string& last = files.back();
  return absl::StrCat(files[0], " … ", last.substr(last.rfind('/') + 1), " (", files.size(),
                      " files)");
}

}  // namespace dcp::cmd
