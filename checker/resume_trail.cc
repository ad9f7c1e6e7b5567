#include "checker/resume_trail.h"

#include <algorithm>

namespace dcp::checker {

uint64_t SegmentsReadAgain(const PairOptions& options) {
  return uint64_t{options.history} + 2 * options.lateness + 2;
}

void ResumeTrail::Start(uint64_t offset, const CommonBarrier& barrier) {
  points_.clear();
  from_first_ = true;
  points_.push_back({offset, barrier});
}

void ResumeTrail::Add(uint64_t offset, const CommonBarrier& barrier,
                      const std::optional<TargetPlace>& target_from) {
  if (target_from) {
    for (auto point = points_.rbegin(); point != points_.rend(); ++point) {
      if (point->barrier.target.ordinal <= target_from->ordinal) break;
      point->barrier.target = *target_from;
    }
  }
  points_.push_back({offset, barrier});
}

std::optional<model::RunState> ResumeTrail::Get(uint64_t said_to,
                                                const std::optional<TargetPlace>& held) {
  const auto said = std::find_if(points_.begin(), points_.end(),
                                 [&](const Point& point) { return point.offset == said_to; });
  if (said == points_.end()) return std::nullopt;
  const auto index = static_cast<uint64_t>(said - points_.begin());
  if (index > segments_back_) {
    from_first_ = false;
    points_.erase(points_.begin(),
                  points_.begin() + static_cast<std::ptrdiff_t>(index - segments_back_));
  }
  said_ordinal_ = points_[std::min<size_t>(index, segments_back_)].barrier.target_ordinal;
  const CommonBarrier& barrier = points_.front().barrier;
  const bool held_before = held && held->ordinal < barrier.target.ordinal;
  const model::Place& target = held_before ? held->place : barrier.target.place;
  if (barrier.source == nullptr || target == nullptr) return std::nullopt;
  return model::RunState{points_.front().offset, barrier.name, from_first_, {},
                         *barrier.source,        *target};
}

}  // namespace dcp::checker
