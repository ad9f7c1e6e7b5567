// Backoff: how long to wait before the next try: doubling from `first` up to
// `cap`, each shortened at random by up to a half, so that many clients do not
// come back at once.
//
// Thread-compatible. Waits for nobody: it only says how long.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

#include "absl/time/time.h"

namespace dcp {

class Backoff {
 public:
  struct Options {
    absl::Duration first = absl::Milliseconds(200);
    absl::Duration cap = absl::Seconds(30);
    std::optional<uint32_t> seed = std::nullopt;  // of its chance; none: any
  };

  explicit Backoff(const Options& options)
      : options_(options),
        next_(options.first),
        random_(options.seed ? *options.seed : std::random_device{}()) {}

  absl::Duration Next() {
    const absl::Duration whole = std::min(next_, options_.cap);
    next_ = std::min(whole * 2, options_.cap);
    return whole * std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  }

  // A try succeeded.
  void Reset() { next_ = options_.first; }

 private:
  const Options options_;
  absl::Duration next_;
  std::minstd_rand random_;
};

}  // namespace dcp
