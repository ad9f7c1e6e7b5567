// Draws the transactions of one writer of the traffic of traffic.h. Talks to no server.
//
// Thread-compatible.
#pragma once

#include <memory>

#include "tests/cmd/traffic.h"

namespace dcp::test {

class TrafficGenerator {
 public:
  virtual ~TrafficGenerator() = default;

  // `options` has to outlive it.
  static std::unique_ptr<TrafficGenerator> Create(const TrafficOptions& options, int writer);

  virtual TrafficTransaction Next() = 0;
  // A transaction of options.big_rows rows: number `i` of four, which follow each other.
  virtual TrafficTransaction Big(int i) = 0;
};

}  // namespace dcp::test
