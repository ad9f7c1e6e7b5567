// ChunkSize: how many rows to ask for next, so that a chunk takes about the target time however
// wide rows are and whatever the server's load, and never more than the bound.
//
// Thread-compatible. Reads no clock.
#pragma once

#include <cstddef>

#include "absl/time/time.h"

namespace dcp::verifier {

class ChunkSize {
 public:
  struct Options {
    absl::Duration target = absl::Milliseconds(500);
    size_t first = 1000;
    size_t min = 1;
    size_t max = 100'000;
  };

  explicit ChunkSize(const Options& options);

  size_t rows() const { return rows_; }

  // A chunk of `rows` rows took `elapsed` on the slower side. Grows to twice the size at most,
  // shrinks as far as it must.
  void Took(size_t rows, absl::Duration elapsed);

  // A chunk was not answered in time.
  void TimedOut();

 private:
  void Set(double rows);

  const Options options_;
  size_t rows_;
  double rows_per_second_ = 0;  // smoothed; 0: not known yet
};

}  // namespace dcp::verifier
