// Tables and servers in memory, for the verifier's pure parts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "verifier/recheck.h"
#include "verifier/table_scan.h"

namespace dcp::verifier {

// A table in the order of its keys, which is not the order of another table when `reversed`.
class FakeTable final : public PageReader {
 public:
  std::map<std::string, std::string> rows;
  // The order of texts with upper and lower case mixed, as a collation has it.
  bool ignore_case = false;
  std::vector<absl::Status> errors;  // of the next reads, from the back; then none
  std::function<void()> before_read;
  size_t reads = 0;
  size_t largest_page = 0;

  absl::Status ReadPage(const std::string* after, const std::string* upto, size_t limit,
                        RowSet* page) override {
    ++reads;
    if (before_read) before_read();
    if (!errors.empty()) {
      const absl::Status error = errors.back();
      errors.pop_back();
      if (!error.ok()) return error;
    }
    page->Clear();
    for (const auto& [place, row] : InOrder()) {
      if (after != nullptr && place <= Place(*after)) continue;
      if (upto != nullptr && place > Place(*upto)) break;
      if (page->size() == limit) break;
      page->Add(row.first, row.second);
    }
    largest_page = std::max(largest_page, page->size());
    return absl::OkStatus();
  }

 private:
  std::string Place(std::string key) const {
    if (ignore_case) {
      for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return key;
  }
  std::map<std::string, std::pair<std::string, std::string>> InOrder() const {
    std::map<std::string, std::pair<std::string, std::string>> ordered;
    for (const auto& [key, content] : rows) ordered[Place(key)] = {key, content};
    return ordered;
  }
};

// Two sides that answer look-ups by script: what happens before each read is the test's.
class FakeSides final : public RowLookup {
 public:
  std::map<std::string, std::string> source, target;
  std::map<std::string, absl::Status> source_errors, target_errors;
  std::function<void()> before_source, before_target;
  int source_reads = 0;

  std::vector<SideRow> ReadSource(const std::vector<std::string>& keys) override {
    ++source_reads;
    if (before_source) before_source();
    return Read(source, source_errors, keys);
  }
  std::vector<SideRow> ReadTarget(const std::vector<std::string>& keys) override {
    if (before_target) before_target();
    return Read(target, target_errors, keys);
  }

 private:
  static std::vector<SideRow> Read(const std::map<std::string, std::string>& rows,
                                   const std::map<std::string, absl::Status>& errors,
                                   const std::vector<std::string>& keys) {
    std::vector<SideRow> found;
    for (const std::string& key : keys) {
      SideRow& row = found.emplace_back();
      if (const auto error = errors.find(key); error != errors.end()) row.status = error->second;
      if (const auto it = rows.find(key); it != rows.end()) row.content = it->second;
    }
    return found;
  }
};

class FakeSync final : public SyncPoint {
 public:
  bool replicated = true;
  std::function<absl::Status()> await;
  int marks = 0;

  std::string name() const override { return "fake"; }
  absl::Status Mark() override {
    ++marks;
    return absl::OkStatus();
  }
  absl::Status Await() override { return await ? await() : absl::OkStatus(); }
  bool replicates() const override { return replicated; }
};

}  // namespace dcp::verifier
