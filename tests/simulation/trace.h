// Trace: what happened in a run, as a number that is the same for the same run, and as lines
// for people who look for what went wrong.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace dcp::simulation {

class Trace {
 public:
  explicit Trace(bool readable) : readable_(readable) {}

  template <typename... Parts>
  void Add(const Parts&... parts) {
    AddLine(absl::StrCat(parts...));
  }
  uint64_t hash() const { return hash_; }
  const std::string& text() const { return text_; }  // empty unless readable

 private:
  void AddLine(const std::string& line);

  const bool readable_;
  uint64_t hash_ = 0;
  std::string text_;
};

}  // namespace dcp::simulation
