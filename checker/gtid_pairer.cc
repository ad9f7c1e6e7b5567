#include "checker/gtid_pairer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace dcp::checker {
namespace {

constexpr size_t kBarrierOffsetsKept = 4096;
constexpr uint64_t kBarriersToGiveUp = 100;
constexpr size_t kRecentSegments = 2;

uint64_t CountMissing(const model::GtidSet& wanted, const model::GtidSet& seen) {
  model::GtidSet missing = wanted;
  missing.Subtract(seen);
  return missing.size();
}

}  // namespace

GtidPairer::GtidPairer(StreamCutter* source, StreamCutter* target)
    : source_(*source), target_(*target) {}

void GtidPairer::Advance(std::vector<PairEvent>* events) {
  while (running_ ? Run(events) : Seek(events)) {
  }
}

std::optional<Pairer::Waiting> GtidPairer::waiting() const {
  std::optional<Waiting> waiting;
  const auto add = [&](absl::Duration since, uint64_t to) {
    if (!waiting) waiting = Waiting{since, running_ ? common_ : to, to, 0};
    ++waiting->segments;
  };
  if (unshown_) {
    add(unshown_->at, unshown_->offset);
    waiting->unshown = true;
  }
  if (running_ && source_closed_) add(end_.at, end_.offset);
  if (!running_ && candidate_) add(candidate_->at, candidate_->offset);
  for (const Chunk& chunk : source_.chunks()) {
    if (chunk.end == Chunk::End::kBarrier) add(chunk.ended_at, chunk.offset);
  }
  return waiting;
}

// --- the target's stream ---

bool GtidPairer::target_begins_anew() const {
  return target_.has_closed() && target_.front().end == Chunk::End::kOrigin &&
         next_txn_ >= target_.front().txns.size();
}

void GtidPairer::PassTargetOrigin() {
  const Chunk chunk = target_.PopFront();
  target_uuid_ = chunk.origin.server_uuid;
  target_executed_ = chunk.origin.executed;
  seen_ = model::GtidSet();
  unshown_.reset();
  arrivals_.clear();
  shown_.clear();
  held_bytes_ = 0;
  next_txn_ = 0;
}

template <typename Enough>
bool GtidPairer::ConsumeTargetUntil(Enough enough) {
  while (!enough()) {
    const Chunk& chunk = target_.front();
    if (next_txn_ < chunk.first_own_txn()) next_txn_ = chunk.first_own_txn();
    if (next_txn_ < chunk.txns.size()) {
      const TxnRef& ref = chunk.txns[next_txn_++];
      const auto holder =
          std::find_if(chunk.batches.rbegin(), chunk.batches.rend(),
                       [&](const BatchHolder& batch) { return batch.get() == ref.batch; });
      AddArrival(*holder, ref);
      continue;
    }
    if (chunk.end != Chunk::End::kBarrier) return false;
    target_.PopFront();
    next_txn_ = 0;
  }
  return true;
}

void GtidPairer::AddArrival(const BatchHolder& batch, const TxnRef& ref) {
  const model::Txn& txn = ref.get();
  Arrival arrival;
  arrival.batch = batch;
  arrival.txn = ref.txn;
  arrival.barriers_before = barriers_seen_;
  arrival.own = txn.gtid.empty() || txn.gtid.source.uuid == target_uuid_;
  arrival.bytes = sizeof(Arrival) + (txn.changes_end - txn.changes_begin) * sizeof(model::Change);
  held_bytes_ += arrival.bytes;
  for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
    const model::Mark& mark = (*batch)->marks[i];
    if (mark.kind == model::Mark::Kind::kBarrier) AddBarrier(txn.gtid, mark.barrier_offset);
  }
  if (!txn.gtid.empty()) {
    if (awaited_ > 0 && gtids_.Contains(txn.gtid) && !seen_.Contains(txn.gtid)) --awaited_;
    seen_.Add(txn.gtid);
  }
  arrivals_.push_back(std::move(arrival));
}

void GtidPairer::AddBarrier(const model::Gtid& gtid, uint64_t offset) {
  shown_[gtid] = offset;
  ++barriers_seen_;
  barrier_offsets_.push_back(offset);
  if (barrier_offsets_.size() > kBarrierOffsetsKept) {
    barrier_offsets_.pop_front();
    ++barrier_offsets_first_;
  }
}

// --- seeking ---

bool GtidPairer::Seek(std::vector<PairEvent>*) {
  return candidate_ ? AcceptCandidate() : FindCandidate();
}

bool GtidPairer::FindCandidate() {
  if (!source_.has_closed()) return false;
  const Chunk chunk = source_.PopFront();
  before_.Add(chunk.Gtids());
  for (const TxnRef& ref : chunk.txns) {
    dropped_ += ref.get().changes_end - ref.get().changes_begin;
  }
  if (chunk.end == Chunk::End::kOrigin) {
    before_.Add(chunk.origin.executed);
    source_uuid_ = chunk.origin.server_uuid;
    source_last_.reset();
    unshown_.reset();
    return true;
  }
  if (source_last_ && chunk.offset < *source_last_) {
    ++epoch_;
    unshown_.reset();
  }
  source_last_ = chunk.offset;
  if (!chunk.gtid.empty()) candidate_ = SourceBarrier{chunk.offset, chunk.gtid, chunk.ended_at};
  return true;
}

// The candidate becomes c0 if the target shows it, in its stream.
bool GtidPairer::AcceptCandidate() {
  const bool came = ConsumeTargetUntil([&] {
    return target_executed_.Contains(candidate_->gtid) || seen_.Contains(candidate_->gtid);
  });
  if (!came) {
    if (!target_begins_anew()) return false;
    PassTargetOrigin();
    return true;
  }
  const auto shown = shown_.find(candidate_->gtid);
  if (shown == shown_.end() || shown->second != candidate_->offset) {
    if (seen_.Contains(candidate_->gtid)) MissedByTarget(*candidate_);
    candidate_.reset();  // executed before the target's stream, or skipped there
    return true;
  }
  DropOwnBeforeCandidate();
  common_ = candidate_->offset;
  candidate_.reset();
  unshown_.reset();
  running_ = true;
  announced_ = false;
  source_closed_ = false;
  pair_ = SegmentPair{};
  gtids_ = model::GtidSet();
  return true;
}

// The target's own writes that came before c0 are before the start.
void GtidPairer::DropOwnBeforeCandidate() {
  std::deque<Arrival> kept;
  bool behind = false;
  for (Arrival& arrival : arrivals_) {
    const bool is_candidate = arrival.gtid() == candidate_->gtid;
    if (is_candidate || ((arrival.own || IsForeign(arrival, candidate_->offset)) && !behind)) {
      held_bytes_ -= arrival.bytes;
    } else {
      kept.push_back(std::move(arrival));
    }
    behind = behind || is_candidate;
  }
  arrivals_ = std::move(kept);
}

// --- running ---

bool GtidPairer::Run(std::vector<PairEvent>* events) {
  if (!source_closed_) return CloseSource(events);
  if (!ConsumeTargetUntil([&] { return awaited_ == 0; })) {
    if (!target_begins_anew()) return false;
    const model::StreamOrigin origin = target_.front().origin;
    candidate_ = end_;
    EndRun(origin.reason, origin.detail, events);
    PassTargetOrigin();
    return true;
  }
  const auto shown = shown_.find(end_.gtid);
  if (shown == shown_.end() || shown->second != end_.offset) {
    MissedByTarget(end_);
    source_closed_ = false;  // merge with the next segment
    return true;
  }
  EmitSegment(events);
  return true;
}

bool GtidPairer::CloseSource(std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return false;
  const Chunk chunk = source_.PopFront();
  const model::GtidSet gtids = chunk.Gtids();
  if (chunk.end == Chunk::End::kOrigin) {
    AnnounceShortRun(gtids, events);
    before_.Add(gtids);
    EndRun(chunk.origin.reason, chunk.origin.detail, events);
    before_.Add(chunk.origin.executed);
    source_uuid_ = chunk.origin.server_uuid;
    source_last_.reset();
    return true;
  }
  if (chunk.offset < *source_last_) {
    AnnounceShortRun(gtids, events);
    ++epoch_;
    before_.Add(gtids);
    EndRun(
        "epoch",
        absl::StrCat("the source's barrier went back from ", *source_last_, " to ", chunk.offset),
        events);
    source_last_ = chunk.offset;
    candidate_ = SourceBarrier{chunk.offset, chunk.gtid, chunk.ended_at};
    return true;
  }
  chunk.AppendWhole(&pair_.source);
  gtids_.Add(gtids);
  if (chunk.offset == *source_last_) return true;  // repeated: cuts nothing
  source_last_ = chunk.offset;
  end_ = SourceBarrier{chunk.offset, chunk.gtid, chunk.ended_at};
  if (gtids_.Intersects(target_executed_)) {  // not seen whole
    if (!announced_) dropped_ += pair_.source.changes;
    candidate_ = end_;
    EndRun("gap", "the target executed a part of the segment before its stream began", events);
    return true;
  }
  Announce(events);
  awaited_ = CountMissing(gtids_, seen_);
  source_closed_ = true;
  return true;
}

void GtidPairer::EndRun(const std::string& reason, const std::string& detail,
                        std::vector<PairEvent>* events) {
  before_.Add(gtids_);
  running_ = false;
  source_closed_ = false;
  unshown_.reset();
  awaited_ = 0;
  gtids_ = model::GtidSet();
  pair_ = SegmentPair{};
  if (!announced_) return;
  PairEvent event;
  event.kind = PairEvent::Kind::kRunEnd;
  event.reason = reason;
  event.detail = detail;
  events->push_back(std::move(event));
}

void GtidPairer::Announce(std::vector<PairEvent>* events) {
  if (std::exchange(announced_, true)) return;
  PairEvent start;
  start.kind = PairEvent::Kind::kRunStart;
  start.epoch = epoch_;
  start.offset = common_;
  events->push_back(std::move(start));
}

// A run that ends in its first segment is one if nothing behind c0 was executed by
// the target before its stream began; `rest` is the end of that segment.
void GtidPairer::AnnounceShortRun(const model::GtidSet& rest, std::vector<PairEvent>* events) {
  if (gtids_.Intersects(target_executed_) || rest.Intersects(target_executed_)) return;
  Announce(events);
}

void GtidPairer::MissedByTarget(const SourceBarrier& barrier) {
  if (!unshown_) unshown_ = barrier;
}

void GtidPairer::EmitSegment(std::vector<PairEvent>* events) {
  GatherTarget(&pair_.target);
  PairEvent event;
  event.kind = PairEvent::Kind::kSegment;
  event.source_closed_at = unshown_ ? unshown_->at : end_.at;
  unshown_.reset();
  pair_.epoch = epoch_;
  pair_.from = common_;
  pair_.to = end_.offset;
  event.pair = std::move(pair_);
  events->push_back(std::move(event));
  common_ = end_.offset;
  before_.Add(gtids_);
  recent_.push_back(std::exchange(gtids_, model::GtidSet()));
  if (recent_.size() > kRecentSegments) recent_.pop_front();
  pair_ = SegmentPair{};
  source_closed_ = false;
  absl::erase_if(shown_, [&](const auto& entry) { return entry.second <= common_; });
  GiveUpOldest(events);
}

// A transaction that the source has not shown for so long: whose it is, is not known.
void GtidPairer::GiveUpOldest(std::vector<PairEvent>* events) {
  if (arrivals_.empty() || !FollowedBy(kBarriersToGiveUp, arrivals_.front(), common_)) return;
  const std::string gtid = model::ToString(arrivals_.front().gtid());
  held_bytes_ -= arrivals_.front().bytes;
  arrivals_.pop_front();
  candidate_ = end_;
  EndRun("gap",
         absl::StrCat("the target has transaction ", gtid, ", which the source has not shown"),
         events);
}

GtidPairer::Place GtidPairer::PlaceOf(const Arrival& arrival) const {
  if (arrival.own) return Place::kHereOwn;
  if (gtids_.Contains(arrival.gtid())) return Place::kHere;
  if (before_.Contains(arrival.gtid())) return Place::kBefore;
  return IsForeign(arrival, end_.offset) ? Place::kHereOwn : Place::kLater;
}

// A server's numbers appear in the source's stream in rising order, but for what
// stands close together when the source is itself a parallel replica: one that was
// passed by two segments ago will not come any more. Neither will one of a server
// of which the source has nothing.
bool GtidPairer::SourcePassedBy(const model::Gtid& gtid) const {
  if (gtid.source.uuid != source_uuid_ && !SourceHasServer(gtid.source.uuid)) return true;
  model::GtidSet passed = before_;
  for (const model::GtidSet& recent : recent_) passed.Subtract(recent);
  const auto it = passed.sources().find(gtid.source);
  return it != passed.sources().end() && gtid.number < it->second.back().last;
}

bool GtidPairer::SourceHasServer(const model::Uuid& uuid) const {
  for (const model::GtidSet* set : {&before_, &gtids_}) {
    for (const auto& [source, intervals] : set->sources()) {
      if (source.uuid == uuid) return true;
    }
  }
  return false;
}

// The transaction was written on the target: both sides have passed what the source
// would have shown it before.
bool GtidPairer::IsForeign(const Arrival& arrival, uint64_t end) const {
  // Two barriers, because one may overtake a transaction in a parallel applier.
  return FollowedBy(2, arrival, end) && SourcePassedBy(arrival.gtid());
}

bool GtidPairer::FollowedBy(uint64_t count, const Arrival& arrival, uint64_t end) const {
  const uint64_t last = arrival.barriers_before + count - 1;
  return last >= barrier_offsets_first_ &&
         last - barrier_offsets_first_ < barrier_offsets_.size() &&
         barrier_offsets_[last - barrier_offsets_first_] <= end;
}

void GtidPairer::GatherTarget(SegmentSide* side) {
  std::vector<Arrival> later;
  uint64_t missing = gtids_.size();
  // Own changes put off by an earlier segment wait for this one at most.
  auto put_off = std::count_if(arrivals_.begin(), arrivals_.end(),
                               [](const Arrival& arrival) { return !arrival.rest.empty(); });
  while ((missing > 0 || put_off > 0) && !arrivals_.empty()) {
    Arrival arrival = std::move(arrivals_.front());
    arrivals_.pop_front();
    if (!arrival.rest.empty()) {
      --put_off;
    } else if (missing == 0) {
      later.push_back(std::move(arrival));
      continue;
    }
    const Place place = PlaceOf(arrival);
    if (place == Place::kLater) {
      later.push_back(std::move(arrival));
      continue;
    }
    held_bytes_ -= arrival.bytes;
    if (place == Place::kBefore) continue;
    if (place == Place::kHereOwn) {
      PlaceOwn(std::move(arrival), &later, side);
      continue;
    }
    --missing;
    side->KeepAlive(arrival.batch);
    AppendItems(arrival.ref(), side);
  }
  arrivals_.insert(arrivals_.begin(), std::make_move_iterator(later.begin()),
                   std::make_move_iterator(later.end()));
}

std::vector<Item> GtidPairer::ItemsOf(const Arrival& arrival) {
  if (!arrival.rest.empty()) return arrival.rest;
  SegmentSide side;
  AppendItems(arrival.ref(), &side);
  return std::move(side.items);
}

// An own change behind a change of the same key that belongs to a later segment
// waits for that segment, so that the order within the key stays.
void GtidPairer::PlaceOwn(Arrival own, std::vector<Arrival>* later, SegmentSide* side) {
  absl::flat_hash_set<model::Digest> taken;
  for (const Arrival& arrival : *later) {
    for (const Item& item : ItemsOf(arrival)) {
      if (!item.is_mark) taken.insert(item.change().key);
    }
  }
  std::vector<Item> rest;
  side->KeepAlive(own.batch);
  for (const Item& item : ItemsOf(own)) {
    if (!item.is_mark && taken.contains(item.change().key)) {
      rest.push_back(item);
    } else {
      side->Add(item);
    }
  }
  if (rest.empty()) return;
  own.rest = std::move(rest);
  own.own = true;
  held_bytes_ += own.bytes;
  later->push_back(std::move(own));
}

}  // namespace dcp::checker
