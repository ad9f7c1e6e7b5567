// BarrierPairer: align = barrier. A target change belongs to the segment between
// the target's own barriers that it stands between.
//
// States: seeking (no common barrier known: everything is dropped until one is)
// and running (between the last common barrier and the next). Thread-compatible.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "checker/pairer.h"

namespace dcp::checker {

class BarrierPairer final : public Pairer {
 public:
  // Of the options: `history` and `lateness`, which bound how far a replay may go back,
  // and `origin`.
  BarrierPairer(const PairOptions& options, StreamCutter* source, StreamCutter* target);

  void Advance(std::vector<PairEvent>* events) override;
  Align align() const override { return Align::kBarrier; }
  const std::string& align_reason() const override { return reason_; }
  std::optional<Waiting> waiting() const override;
  bool needs_source() const override { return needs_source_; }
  bool needs_target() const override { return !needs_source_; }
  void NoteForgotten(uint64_t segment) override { forgotten_to_ = segment; }
  uint64_t work_bytes() const override { return pair_.source.bytes + pair_.target.bytes; }
  uint64_t dropped_changes() const override { return dropped_; }

 private:
  // What the source's queue says about an offset that lies ahead of it.
  enum class Outlook : uint8_t { kUnknown, kReaches, kRunEnds };

  // Each takes one step; false: nothing can be done before more comes.
  bool Seek(std::vector<PairEvent>* events);
  bool Run(std::vector<PairEvent>* events);

  // Notes what is waited for; false.
  bool AwaitSource();
  bool AwaitTarget();

  bool FindSourceCandidate(std::vector<PairEvent>* events);
  bool FindTargetCandidate(std::vector<PairEvent>* events);
  void NoteSource(const Chunk& chunk);
  void NoteTarget(const Chunk& chunk);
  CommonBarrier Common() const {
    return {source_name_, source_place_, target_place_, target_place_.ordinal};
  }
  bool CloseSource(std::vector<PairEvent>* events);
  bool MatchTarget(std::vector<PairEvent>* events);
  bool TargetGoesBack(uint64_t offset, std::vector<PairEvent>* events);
  bool TargetIsAhead(uint64_t offset, std::vector<PairEvent>* events);
  bool TargetEntersEpoch(uint64_t offset, std::vector<PairEvent>* events);

  Outlook SourceOutlook(uint64_t offset) const;
  void StartRun(uint64_t offset, std::vector<PairEvent>* events);
  void EndRun(const std::string& reason, const std::string& detail, std::vector<PairEvent>* events);
  void EmitSegment(std::vector<PairEvent>* events);
  void TakeTarget();
  bool TargetChanged() const;
  bool ReplayedBeyondHistory(uint64_t offset) const;
  void Drop(const Chunk& chunk);
  const model::StreamOrigin* left_out() const {
    return origin_ == Origin::kSource ? &target_origin_ : nullptr;
  }

  const uint32_t history_;
  const uint32_t lateness_;
  const Origin origin_;
  StreamCutter& source_;
  StreamCutter& target_;
  std::string reason_ = "configured, or no GTIDs in common";

  bool running_ = false;
  bool needs_source_ = true;  // else the target: what the last step waited for
  uint64_t epoch_ = 1;
  uint64_t dropped_ = 0;
  model::StreamOrigin target_origin_;  // of the target's stream up to what was consumed
  // Newest offsets consumed on each side, whatever they meant, and where.
  std::optional<uint64_t> source_last_, target_last_;
  std::string source_name_;
  model::Place source_place_;
  TargetPlace target_place_;

  // Seeking.
  std::optional<uint64_t> source_candidate_, target_candidate_;
  absl::Duration candidate_since_;
  // The source entered a new epoch; the target has to show lower offsets first.
  bool target_must_go_back_ = false;

  // Running.
  SegmentPair pair_;            // under construction
  bool source_closed_ = false;  // pair_.source is complete up to pair_.to
  bool merging_ = false;        // the target missed the first pair_.to
  absl::Duration source_closed_at_;
  std::deque<uint64_t> common_;  // the last `history` + 1 common offsets; back() is the last
  uint64_t last_index_ = 0;      // of common_.back(), counted from the run's start
  uint64_t known_from_ = 0;      // of the last segment in which rows became unknown
  uint64_t forgotten_to_ = 0;
  bool target_changed_ = false;  // the target showed changes since target_last_
};

}  // namespace dcp::checker
