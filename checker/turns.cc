#include "checker/turns.h"

#include <utility>

namespace dcp::checker {

void Turns::AddSide(const SegmentSide& side, std::vector<uint32_t> Turn::*to) {
  for (size_t i = 0; i < side.items.size(); ++i) {
    const uint32_t turn = TurnOf(side.items[i].change().key);
    (turns_[turn].*to).push_back(static_cast<uint32_t>(i));
  }
}

uint32_t Turns::TurnOf(const model::Digest& key) {
  const auto [turn, is_new] = turn_of_.try_emplace(key, static_cast<uint32_t>(turns_.size() - 1));
  if (!is_new) return turn->second;
  if (keys_ == keys_per_turn_) {
    turns_.emplace_back();
    turn->second = static_cast<uint32_t>(turns_.size() - 1);
    keys_ = 0;
  }
  ++keys_;
  return turn->second;
}

std::vector<Turns::Turn> Turns::Take() {
  absl::flat_hash_map<model::Digest, uint32_t>().swap(turn_of_);
  return std::move(turns_);
}

}  // namespace dcp::checker
