#include "checker/finding_changes.h"

#include <algorithm>
#include <utility>

namespace dcp::checker {

void FindingChanges::Set(model::OpenFinding finding) {
  const auto [place, is_new] = places_.try_emplace(finding.key, open_.size());
  if (!is_new && place->second != kClosed) {
    open_[place->second] = std::move(finding);
    return;
  }
  place->second = open_.size();
  open_.push_back(std::move(finding));
}

void FindingChanges::Close(const model::Digest& key) {
  uint64_t& place = places_.try_emplace(key, kClosed).first->second;
  if (place == kClosed) return;
  if (place + 1 != open_.size()) {
    open_[place] = std::move(open_.back());
    places_[open_[place].key] = place;  // it is there: no reference moves
  }
  open_.pop_back();
  place = kClosed;
}

void FindingChanges::Add(FindingChanges later) {
  if (places_.empty()) {
    *this = std::move(later);
    return;
  }
  for (const auto& [key, place] : later.places_) {
    place == kClosed ? Close(key) : Set(std::move(later.open_[place]));
  }
}

void FindingChanges::MoveTo(model::PairUpdate* update) {
  update->findings = std::move(open_);
  std::sort(update->findings.begin(), update->findings.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  for (const auto& [key, place] : places_) {
    if (place == kClosed) update->closed.push_back(key);
  }
  std::sort(update->closed.begin(), update->closed.end());
}

}  // namespace dcp::checker
