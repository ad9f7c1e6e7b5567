// KeyHistory: what is known of one key on both sides, in time counted by common
// barriers (docs/semantics.md, section 2). Pure value; no rule of verdicts here.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <limits>

#include "absl/container/inlined_vector.h"
#include "checker/packed.h"
#include "model/change.h"
#include "model/version.h"

namespace dcp::checker {

// Index of a common barrier in its run, and of the segment that it ends.
using Index = int32_t;
inline constexpr Index kAlways = std::numeric_limits<Index>::min();
inline constexpr Index kNever = std::numeric_limits<Index>::max();
inline constexpr Index kNone = kAlways;

class KeyHistory {
 public:
  // The source goes from `before` to `after` in segment `i`. Calls come in order of i.
  void ApplySource(const model::Version& before, const model::Version& after, Index i);
  void ApplyTarget(const model::Version& after, Index i);

  // Relative changes: the state of the side after adding `delta` (both sums
  // start at zero); returns {before, after}.
  struct Step {
    model::Version before, after;
  };
  Step AddToSource(const model::Digest& delta);
  Step AddToTarget(const model::Digest& delta);

  // All rows of the table went away on one side. `counts`: the key is relative.
  void SourceGone(Index i, bool counts);
  void TargetGone(Index i, bool counts);

  bool source_known() const { return !source_.empty(); }

  // The source had `version` at some time from barrier x to barrier y.
  bool Had(const model::Version& version, Index x, Index y) const;
  // The same for the target's state at barrier j; `version` may be the base.
  bool HadTargetState(Index j, Index x, Index y) const;
  // An unknown base counts too.
  bool HadOrUnknownBase(const model::Version& version, Index x, Index y) const;
  // The source's first change did not tell where it came from, and came then or later.
  bool HadUnknownBase(Index x, Index y) const;

  // True if the target's state at barrier `i` is the source's current version.
  bool Agrees(Index i) const;

  // The source is taken to have been in `version` all the time.
  // REQUIRES: !source_known()
  void AssumeSource(const model::Version& version);
  model::Version TargetState(Index j) const;  // kUnknown for the base

  // What it is in at barrier `i`; kUnknown where that is not known.
  model::Version SourceAt(Index i) const;
  model::Version TargetAt(Index i) const;
  // Either is another one at barrier i than at the one before.
  bool ChangedAt(Index i) const;
  // Both sides are in these states at barrier `i`.
  // `counts`: the key is relative.
  void Pin(const model::Version& source, const model::Version& target, bool counts, Index i);
  bool source_assumed() const { return assumed_; }
  // What was assumed of the source is taken to have been the target's state at barrier `i`.
  // REQUIRES: source_assumed()
  void AssumeTarget(Index i);
  // The target's state at barrier `i` and from then on is the source's present one.
  void AdoptSource(Index i, bool counts);

  // Folds what lies behind barrier `i`, where the key is settled: keeps the
  // versions that the source had after barrier `oldest`.
  void Fold(Index i, Index oldest);

  // The same where the sides differ: keeps what each is in at barrier `i` too.
  void FoldDiffering(Index i, Index oldest);

  // Nothing is known of either side any more; the target is in an unknown state
  // (not in the base) until it is touched.
  void Lose();

  // All of it, in few bytes, and back into a new one.
  void Pack(Packer* to) const;
  void Unpack(Unpacker* from);

  Index last_source_touch() const { return last_source_touch_; }
  Index last_target_touch() const { return last_target_touch_; }
  Index first_target_touch() const { return first_target_touch_; }
  Index last_touch() const {
    return last_source_touch_ > last_target_touch_ ? last_source_touch_ : last_target_touch_;
  }
  void TouchSource(Index i) { last_source_touch_ = i; }
  void TouchTarget(Index i);

 private:
  // The source had `version` from segment `entered` on, until segment `left`.
  struct Interval {
    model::Version version;
    Index entered = kAlways;
    Index left = kNever;
    bool Overlaps(Index x, Index y) const { return entered <= y && left > x; }
  };
  void FoldSource(Index oldest);

  struct Entered {
    model::Version version;
    Index entered = kAlways;
  };

  const Entered* StateAt(Index j) const;

  absl::InlinedVector<Interval, 2> source_;
  absl::InlinedVector<Entered, 1> target_;
  model::Digest source_sum_, target_sum_;
  Index last_source_touch_ = kNone;
  Index last_target_touch_ = kNone;
  Index first_target_touch_ = kNone;
  bool assumed_ = false;  // source_ is what AssumeSource() was told
};

}  // namespace dcp::checker
