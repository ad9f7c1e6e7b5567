// ResumeTrail: from which common barrier of the present run, and from which places of
// both streams, a restarted check has to read again to know again what it knows now
// (docs/semantics.md, section 7).
//
// Pure, thread-compatible. Holds as many barriers as are looked back over.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "checker/options.h"
#include "checker/pairer.h"
#include "model/pair_state.h"

namespace dcp::checker {

// How many segments before the last judged one are read again: what rule H looks back
// over, and what the start of a run takes to settle.
uint64_t SegmentsReadAgain(const PairOptions& options);

class ResumeTrail {
 public:
  explicit ResumeTrail(uint64_t segments_back) : segments_back_(segments_back) {}

  // A run begins.
  void Start(uint64_t offset, const CommonBarrier& barrier);
  // The run that began goes on from one that had begun before.
  void GoesOn() { from_first_ = false; }
  // Its next segment, which ends at `offset`.
  void Add(uint64_t offset, const CommonBarrier& barrier,
           const std::optional<TargetPlace>& target_from);
  void End() { points_.clear(); }

  // Where to begin when verdicts were said up to barrier `said_to` of this run. `held`:
  // before the target's transactions that have come and are in no segment yet. nullopt:
  // no run, or the streams do not tell places.
  std::optional<model::RunState> Get(uint64_t said_to, const std::optional<TargetPlace>& held);
  // On the target, of the barrier that Get() was last asked for and knew.
  uint64_t said_ordinal() const { return said_ordinal_; }

 private:
  struct Point {
    uint64_t offset = 0;
    CommonBarrier barrier;  // its target place stands before all that belongs behind it
  };

  const uint64_t segments_back_;
  uint64_t said_ordinal_ = 0;
  bool from_first_ = true;    // points_ begins with the run's first
  std::deque<Point> points_;  // of the run; the last one is the newest common barrier
};

}  // namespace dcp::checker
