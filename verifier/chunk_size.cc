#include "verifier/chunk_size.h"

#include <algorithm>

namespace dcp::verifier {
namespace {

// What the last chunk counts for against all before it.
constexpr double kWeight = 0.5;

}  // namespace

ChunkSize::ChunkSize(const Options& options) : options_(options), rows_(options.first) {
  rows_ = std::clamp(rows_, options_.min, options_.max);
}

void ChunkSize::Set(double rows) {
  const double bounded = std::min(rows, static_cast<double>(options_.max));
  rows_ = std::clamp(static_cast<size_t>(bounded), options_.min, options_.max);
}

void ChunkSize::Took(size_t rows, absl::Duration elapsed) {
  if (rows == 0) return;
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-6);
  const double rate = static_cast<double>(rows) / seconds;
  rows_per_second_ =
      rows_per_second_ == 0 ? rate : kWeight * rate + (1 - kWeight) * rows_per_second_;
  // A chunk that was far too slow counts alone.
  const double trusted =
      elapsed > 2 * options_.target ? std::min(rate, rows_per_second_) : rows_per_second_;
  const double wanted = trusted * absl::ToDoubleSeconds(options_.target);
  Set(std::min(wanted, 2 * static_cast<double>(rows_)));
}

void ChunkSize::TimedOut() {
  rows_per_second_ = 0;
  Set(static_cast<double>(rows_) / 4);
}

}  // namespace dcp::verifier
