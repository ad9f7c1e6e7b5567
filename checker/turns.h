// Turns: which keys of a segment are judged with which others, so that not all of a very large
// one are at work at once: each key is in one turn, in the order in which they come.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checker/segment.h"

namespace dcp::checker {

class Turns {
 public:
  // Indexes of SegmentSide::items, in their order.
  struct Turn {
    std::vector<uint32_t> source, target;
  };

  explicit Turns(size_t keys_per_turn) : keys_per_turn_(keys_per_turn) {}

  // Its turn is the first one.
  void AddFirst(const model::Digest& key) { turn_of_.try_emplace(key, 0); }
  // REQUIRES: no item is a mark
  void AddSource(const SegmentSide& side) { AddSide(side, &Turn::source); }
  void AddTarget(const SegmentSide& side) { AddSide(side, &Turn::target); }

  // One at least. REQUIRES: the last call
  std::vector<Turn> Take();

 private:
  void AddSide(const SegmentSide& side, std::vector<uint32_t> Turn::*to);
  uint32_t TurnOf(const model::Digest& key);

  const size_t keys_per_turn_;
  absl::flat_hash_map<model::Digest, uint32_t> turn_of_;
  size_t keys_ = 0;  // in the last turn
  std::vector<Turn> turns_ = std::vector<Turn>(1);
};

}  // namespace dcp::checker
