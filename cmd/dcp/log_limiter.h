// LogLimiter: what is said again and again is said so many times a minute, and then counted. Lines
// are alike where only numbers differ.
//
// Thread-compatible; time comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dcp::cmd {

class LogLimiter {
 public:
  struct Options {
    uint64_t most = 20;  // lines that are alike, within:
    absl::Duration window = absl::Minutes(1);
    size_t max_kinds = 1000;  // that are remembered; beyond them nothing is held back
  };

  LogLimiter() : LogLimiter(Options{}) {}
  explicit LogLimiter(const Options& options) : options_(options) {}

  // Whether it is to be said; else it is counted.
  bool Pass(absl::string_view line, absl::Duration now);
  // Begins anew for lines whose window is over; returns what there is to say of those that were
  // held back. To be called before Pass().
  std::vector<std::string> TakeHeldBack(absl::Duration now);

 private:
  struct Kind {
    absl::Duration began;
    uint64_t said = 0, held_back = 0;
    std::string last;  // of those held back
  };

  const Options options_;
  std::map<std::string, Kind> kinds_;
};

}  // namespace dcp::cmd
