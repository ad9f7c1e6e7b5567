// A directory for the files of an IntakeLog, and what they hold as text.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/intake_reader.h"

namespace dcp::collector {

class IntakeDirectory {
 public:
  IntakeDirectory() {
    static std::atomic<int> count{0};
    path_ = absl::StrCat(::testing::TempDir(), "/dcp-intake-", ::getpid(), "-", ++count);
  }
  ~IntakeDirectory() { std::filesystem::remove_all(path_); }
  IntakeDirectory(const IntakeDirectory&) = delete;
  IntakeDirectory& operator=(const IntakeDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::vector<std::string> files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static std::string Read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Write(const std::string& file, const std::string& bytes) {
    std::filesystem::remove(file);  // overwritten in place it would be synced, and slow
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  std::string path_;
};

// All that `log` gives from `sequence` on: "1:a", "4:b/7" (a numbered message), "5:break why",
// "lost 3".
inline std::vector<std::string> ReadAll(IntakeLog& log, uint64_t sequence = 1) {
  std::vector<std::string> out;
  IntakeReader reader(log, sequence);
  while (true) {
    const auto block = reader.Next();
    if (!block.ok()) out.push_back(block.status().ToString());
    if (!block.ok() || !block->has_value()) return out;
    if ((*block)->lost > 0) out.push_back(absl::StrCat("lost ", (*block)->lost));
    uint64_t at = (*block)->first;
    for (const IntakeEntry& entry : (*block)->body.entries) {
      std::string text =
          absl::StrCat(at++, ":", entry.kind == EntryKind::kBreak ? "break " : "", entry.bytes);
      if (entry.kind == EntryKind::kNumbered) absl::StrAppend(&text, "/", entry.number);
      out.push_back(std::move(text));
    }
  }
}

}  // namespace dcp::collector
