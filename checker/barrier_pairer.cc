#include "checker/barrier_pairer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::checker {

namespace {

// True if the rows of some table are unknown because of a mark.
bool MakesUnknown(const SegmentSide& side) {
  return std::any_of(side.items.begin(), side.items.end(), [](const Item& item) {
    return item.is_mark && (item.mark().kind == model::Mark::Kind::kUnverified ||
                            item.mark().effect == model::Mark::DdlEffect::kRowsUnknown);
  });
}

}  // namespace

BarrierPairer::BarrierPairer(const PairOptions& options, StreamCutter* source, StreamCutter* target)
    : history_(options.history),
      lateness_(options.lateness),
      origin_(options.origin),
      source_(*source),
      target_(*target) {}

void BarrierPairer::Advance(std::vector<PairEvent>* events) {
  while (events->empty() && (running_ ? Run(events) : Seek(events))) {
  }
}

std::optional<Pairer::Waiting> BarrierPairer::waiting() const {
  std::optional<Waiting> waiting;
  std::optional<uint64_t> from;
  if (running_) from = common_.back();
  if (running_ && source_closed_) AddWaiting(source_closed_at_, *from, pair_.to, &waiting);
  if (!running_ && source_candidate_) {
    AddWaiting(candidate_since_, *source_candidate_, *source_candidate_, &waiting);
  }
  AddWaiting(source_, from, &waiting);
  return waiting;
}

void BarrierPairer::Drop(const Chunk& chunk) {
  SegmentSide side;
  chunk.AppendExact(left_out(), &side);
  dropped_ += side.changes;
}

bool BarrierPairer::AwaitSource() {
  needs_source_ = true;
  return false;
}

bool BarrierPairer::AwaitTarget() {
  needs_source_ = false;
  return false;
}

// --- seeking ---

bool BarrierPairer::Seek(std::vector<PairEvent>* events) {
  if (!source_candidate_) return FindSourceCandidate(events);
  if (!target_candidate_) return FindTargetCandidate(events);
  if (*source_candidate_ == *target_candidate_) {
    StartRun(*source_candidate_, events);
  } else if (*source_candidate_ > *target_candidate_) {
    target_candidate_.reset();
  } else {
    // Where the target shows a lower offset next, this one was foreign or old.
    if (!target_.has_closed()) return AwaitTarget();
    const bool target_falls =
        target_.front().end == Chunk::End::kBarrier && target_.front().offset < *target_candidate_;
    (target_falls ? target_candidate_ : source_candidate_).reset();
  }
  return true;
}

void BarrierPairer::NoteSource(const Chunk& chunk) {
  source_last_ = chunk.offset;
  source_name_ = chunk.BarrierName();
  source_place_ = chunk.place;
}

void BarrierPairer::NoteTarget(const Chunk& chunk) {
  target_last_ = chunk.offset;
  ++target_place_.ordinal;
  target_place_.place = chunk.place;
}

bool BarrierPairer::FindSourceCandidate(std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return AwaitSource();
  const Chunk chunk = source_.PopFront();
  Drop(chunk);
  if (chunk.end == Chunk::End::kOrigin) {
    if (!chunk.origin.reason.empty()) {
      GiveUpStart(chunk.origin.reason, chunk.origin.detail, events);
    }
    return true;
  }
  if (source_last_ && chunk.offset < *source_last_) ++epoch_;
  NoteSource(chunk);
  if (!MayStart(chunk, events)) return true;
  if (start_) epoch_ = start_->epoch;
  source_candidate_ = chunk.offset;
  candidate_since_ = chunk.ended_at;
  return true;
}

bool BarrierPairer::FindTargetCandidate(std::vector<PairEvent>* events) {
  if (!target_.has_closed()) return AwaitTarget();
  const Chunk chunk = target_.PopFront();
  Drop(chunk);
  if (chunk.end == Chunk::End::kOrigin) {
    target_origin_ = chunk.origin;
    target_must_go_back_ = false;
    target_last_.reset();
    if (!chunk.origin.reason.empty()) {
      GiveUpStart(chunk.origin.reason, chunk.origin.detail, events);
    }
    return true;
  }
  if (target_last_ && chunk.offset < *target_last_) target_must_go_back_ = false;
  NoteTarget(chunk);
  if (!MayStart(chunk.offset, events)) return true;
  if (!target_must_go_back_) target_candidate_ = chunk.offset;
  return true;
}

void BarrierPairer::StartRun(uint64_t offset, std::vector<PairEvent>* events) {
  running_ = true;
  source_candidate_.reset();
  target_candidate_.reset();
  source_closed_ = merging_ = false;
  pair_ = SegmentPair{};
  common_ = {offset};
  last_index_ = 0;
  known_from_ = 0;
  forgotten_to_ = 0;
  target_changed_ = false;
  PairEvent event;
  event.kind = PairEvent::Kind::kRunStart;
  event.epoch = epoch_;
  event.offset = offset;
  event.barrier = Common();
  start_.reset();
  events->push_back(std::move(event));
}

void BarrierPairer::EndRun(const std::string& reason, const std::string& detail,
                           std::vector<PairEvent>* events) {
  running_ = false;
  source_closed_ = merging_ = false;
  pair_ = SegmentPair{};
  events->push_back(RunEndEvent(reason, detail));
}

// --- running ---

bool BarrierPairer::Run(std::vector<PairEvent>* events) {
  return source_closed_ ? MatchTarget(events) : CloseSource(events);
}

bool BarrierPairer::CloseSource(std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return AwaitSource();
  const Chunk chunk = source_.PopFront();
  if (chunk.end == Chunk::End::kOrigin) {
    EndRun(chunk.origin.reason, chunk.origin.detail, events);
    return true;
  }
  if (chunk.offset < *source_last_) {
    ++epoch_;
    EndRun(
        "epoch",
        absl::StrCat("the source's barrier went back from ", *source_last_, " to ", chunk.offset),
        events);
    NoteSource(chunk);
    source_candidate_ = chunk.offset;
    candidate_since_ = chunk.ended_at;
    target_must_go_back_ = true;
    return true;
  }
  chunk.AppendExact(left_out(), &pair_.source);
  if (chunk.offset == *source_last_) return true;  // repeated: cuts nothing
  NoteSource(chunk);
  pair_.to = chunk.offset;
  if (!merging_) source_closed_at_ = chunk.ended_at;
  source_closed_ = true;
  return true;
}

bool BarrierPairer::MatchTarget(std::vector<PairEvent>* events) {
  if (!target_.has_closed()) return AwaitTarget();
  if (target_.front().end == Chunk::End::kOrigin) {
    const Chunk chunk = target_.PopFront();
    target_origin_ = chunk.origin;
    source_candidate_ = pair_.to;
    candidate_since_ = source_closed_at_;
    target_last_.reset();
    target_must_go_back_ = false;
    EndRun(chunk.origin.reason, chunk.origin.detail, events);
    return true;
  }
  const uint64_t offset = target_.front().offset;
  if (target_last_ && offset < *target_last_) return TargetGoesBack(offset, events);
  if (offset <= common_.back() || offset < pair_.to) {
    // Repeated behind changes: they may be a replay of what stands before it.
    if (offset == target_last_ && TargetChanged() && ReplayedBeyondHistory(offset)) {
      pair_.replayed_beyond_history = true;
    }
    TakeTarget();  // repeated, replayed, or missed by the source: cuts nothing
    return true;
  }
  if (offset > pair_.to) return TargetIsAhead(offset, events);
  TakeTarget();
  EmitSegment(events);
  return true;
}

void BarrierPairer::TakeTarget() {
  const Chunk chunk = target_.PopFront();
  chunk.AppendExact(left_out(), &pair_.target);
  NoteTarget(chunk);
  target_changed_ = false;
}

bool BarrierPairer::TargetChanged() const {
  if (target_changed_) return true;
  SegmentSide side;
  target_.front().AppendExact(left_out(), &side);
  return side.changes > 0;
}

// What is replayed behind a barrier up to `offset` may have come from `lateness`
// segments before, and must have been entered behind the oldest barrier that
// rule H looks back to.
bool BarrierPairer::ReplayedBeyondHistory(uint64_t offset) const {
  const uint64_t looks_back = last_index_ + 1 - std::min<uint64_t>(last_index_ + 1, history_);
  const uint64_t remembered = forgotten_to_ == 0 ? 0 : forgotten_to_ + 1;
  const uint64_t oldest = std::max({looks_back, known_from_, remembered}) + lateness_;
  return oldest > last_index_ || offset <= common_[common_.size() - 1 - (last_index_ - oldest)];
}

bool BarrierPairer::TargetGoesBack(uint64_t offset, std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return AwaitSource();  // it may be the way into a new epoch
  if (TargetEntersEpoch(offset, events)) return true;
  if (ReplayedBeyondHistory(offset)) pair_.replayed_beyond_history = true;
  TakeTarget();
  return true;
}

bool BarrierPairer::TargetEntersEpoch(uint64_t offset, std::vector<PairEvent>* events) {
  uint64_t previous = *source_last_;
  size_t epoch_begin = 0;  // number of chunks up to and including the epoch's first barrier
  bool found = false;
  for (size_t i = 0; i + 1 < source_.chunks().size() && !found; ++i) {
    const Chunk& chunk = source_.chunks()[i];
    if (chunk.end == Chunk::End::kOrigin) return false;
    if (chunk.offset < previous) {
      if (epoch_begin != 0) return false;  // yet another epoch: one after the other
      epoch_begin = i + 1;
    }
    previous = chunk.offset;
    found = epoch_begin != 0 && chunk.offset == offset;
  }
  if (!found) return false;
  ++epoch_;
  EndRun("epoch", absl::StrCat("the barrier went back to ", offset, " on both sides"), events);
  for (; epoch_begin > 0; --epoch_begin) {
    const Chunk chunk = source_.PopFront();
    Drop(chunk);
    NoteSource(chunk);
    source_candidate_ = chunk.offset;
    candidate_since_ = chunk.ended_at;
  }
  const Chunk chunk = target_.PopFront();
  Drop(chunk);
  NoteTarget(chunk);
  target_candidate_ = offset;
  target_must_go_back_ = false;
  return true;
}

BarrierPairer::Outlook BarrierPairer::SourceOutlook(uint64_t offset) const {
  uint64_t previous = *source_last_;
  for (const Chunk& chunk : source_.chunks()) {
    if (chunk.end == Chunk::End::kOpen) break;
    if (chunk.end == Chunk::End::kOrigin || chunk.offset < previous) return Outlook::kRunEnds;
    if (chunk.offset >= offset) return Outlook::kReaches;
    previous = chunk.offset;
  }
  return Outlook::kUnknown;
}

bool BarrierPairer::TargetIsAhead(uint64_t offset, std::vector<PairEvent>* events) {
  const Outlook outlook = SourceOutlook(offset);
  if (outlook == Outlook::kReaches) {  // the target missed pair_.to: merge with what follows
    source_closed_ = false;
    merging_ = true;
    return true;
  }
  if (target_.chunks().size() < 3) return AwaitTarget();  // what the target shows next decides
  const Chunk& next = target_.chunks()[1];
  if (next.end == Chunk::End::kBarrier && next.offset < offset) {  // foreign
    target_changed_ = TargetChanged();
    target_.PopFront().AppendExact(left_out(), &pair_.target);
    return true;
  }
  if (outlook == Outlook::kUnknown) return AwaitSource();
  source_closed_ = false;  // the target passed by: the source's run ends unmatched
  return CloseSource(events);
}

void BarrierPairer::EmitSegment(std::vector<PairEvent>* events) {
  PairEvent event;
  event.kind = PairEvent::Kind::kSegment;
  event.source_closed_at = source_closed_at_;
  event.barrier = Common();
  pair_.epoch = epoch_;
  pair_.from = common_.back();
  common_.push_back(pair_.to);
  ++last_index_;
  if (MakesUnknown(pair_.source) || MakesUnknown(pair_.target)) known_from_ = last_index_;
  if (common_.size() > size_t{history_} + 1) common_.pop_front();
  event.pair = std::move(pair_);
  events->push_back(std::move(event));
  pair_ = SegmentPair{};
  source_closed_ = merging_ = false;
}

}  // namespace dcp::checker
