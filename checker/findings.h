// Findings: differing keys from their first `diff` to their `resolved`, counted
// by the alarm that said them. Thread-compatible.
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace dcp::checker {

class Findings {
 public:
  void Open(const std::string& alarm_id) {
    ++open_[alarm_id];
    ++count_;
  }
  // True if this was the alarm's last open key. REQUIRES: opened before.
  bool Close(const std::string& alarm_id);

  bool IsOpen(const std::string& alarm_id) const { return open_.contains(alarm_id); }

  uint64_t count() const { return count_; }

 private:
  absl::flat_hash_map<std::string, uint64_t> open_;
  uint64_t count_ = 0;
};

}  // namespace dcp::checker
