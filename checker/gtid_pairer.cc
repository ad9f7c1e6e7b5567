#include "checker/gtid_pairer.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

GtidPairer::GtidPairer(Origin origin, StreamCutter* source, StreamCutter* target)
    : origin_(origin), source_(*source), target_(*target) {}

void GtidPairer::Advance(std::vector<PairEvent>* events) {
  domains_.LookAhead(source_);
  while (events->empty() && (running_ ? Run(events) : Seek(events))) {
  }
}

std::optional<Pairer::Waiting> GtidPairer::waiting() const {
  std::optional<Waiting> waiting;
  std::optional<uint64_t> from;
  if (running_) from = common_;
  const auto add = [&](const SourceBarrier& barrier) {
    AddWaiting(barrier.at, from.value_or(barrier.offset), barrier.offset, &waiting);
  };
  if (unshown_) {
    add(*unshown_);
    waiting->unshown = true;
  }
  if (running_ && source_closed_) add(end_);
  if (!running_ && candidate_) add(*candidate_);
  AddWaiting(source_, from, &waiting);
  return waiting;
}

// --- the target's stream ---

bool GtidPairer::target_begins_anew() const {
  return target_.has_closed() && target_.front().end == Chunk::End::kOrigin &&
         next_txn_ >= target_.front().txns.size();
}

void GtidPairer::PassTargetOrigin(std::vector<PairEvent>* events) {
  target_origin_ = target_.PopFront().origin;
  target_place_ = target_origin_.place;
  if (!target_origin_.reason.empty()) {
    GiveUpStart(target_origin_.reason, target_origin_.detail, events);
  }
  domains_.BeginTarget(target_origin_.server_id);
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
      AddTransaction(*holder, ref);
      continue;
    }
    if (chunk.end != Chunk::End::kBarrier) return false;
    target_.PopFront();
    next_txn_ = 0;
  }
  return true;
}

void GtidPairer::AddTransaction(const BatchHolder& batch, const TxnRef& ref) {
  const model::Gtid& gtid = ref.get().gtid;
  const model::Txn& txn = ref.get();
  AddArrival(batch, ref);
  NoteMarks(ref);
  if (gtid.empty()) return;
  if (awaited_ > 0 && gtids_.Contains(gtid) && !seen_.Contains(gtid)) --awaited_;
  if (!WrittenOn(txn, target_origin_)) domains_.TargetShows(gtid);
  seen_.Add(gtid);
}

void GtidPairer::NoteMarks(const TxnRef& ref) {
  const model::Txn& txn = ref.get();
  for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
    const model::Mark& mark = (*ref.batch)->marks[i];
    if (mark.kind == model::Mark::Kind::kBarrier) AddBarrier(txn.gtid, mark);
    if (mark.kind == model::Mark::Kind::kExecuted) domains_.TargetTold(mark.executed);
  }
}

void GtidPairer::AddArrival(const BatchHolder& batch, const TxnRef& ref) {
  const model::Txn& txn = ref.get();
  Arrival arrival;
  arrival.batch = batch;
  arrival.txn = ref.txn;
  arrival.barriers_before = barriers_seen_;
  arrival.from = target_place_;
  arrival.own = txn.gtid.empty() || WrittenOn(txn, target_origin_);
  if (arrival.own && origin_ == Origin::kSource) return;
  arrival.bytes = sizeof(Arrival) + BytesOf(ref);
  held_bytes_ += arrival.bytes;
  arrivals_.push_back(std::move(arrival));
}

void GtidPairer::AddBarrier(const model::Gtid& gtid, const model::Mark& barrier) {
  ++barriers_seen_;
  target_place_ = barrier.place;
  shown_[gtid] = {barrier.barrier_offset, {barriers_seen_, target_place_}};
  barrier_offsets_.push_back(barrier.barrier_offset);
  if (barrier_offsets_.size() > kBarrierOffsetsKept) {
    barrier_offsets_.pop_front();
    ++barrier_offsets_first_;
  }
}

std::optional<TargetPlace> GtidPairer::held_target_from() const {
  if (arrivals_.empty()) return std::nullopt;
  return TargetPlace{arrivals_.front().barriers_before, arrivals_.front().from};
}

GtidPairer::SourceBarrier GtidPairer::BarrierOf(const Chunk& chunk) {
  return {chunk.offset, chunk.gtid, chunk.ended_at, chunk.BarrierName(), chunk.place};
}

CommonBarrier GtidPairer::Common(const SourceBarrier& source, const ShownBarrier& target) const {
  return {source.name, source.place, target.place, target.place.ordinal};
}

model::GtidSet GtidPairer::JudgedAhead(uint64_t said_to, uint64_t ordinal) {
  std::erase_if(own_placed_, [&](const OwnPlaced& own) { return own.ordinal < ordinal; });
  model::GtidSet gtids;
  for (const OwnPlaced& own : own_placed_) {
    if (own.segment <= said_to) gtids.Add(own.gtid);
  }
  return gtids;
}

// --- seeking ---

bool GtidPairer::Seek(std::vector<PairEvent>* events) {
  return candidate_ ? AcceptCandidate(events) : FindCandidate(events);
}

bool GtidPairer::FindCandidate(std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return false;
  domains_.AwaitFront();
  const Chunk chunk = source_.PopFront();
  SourceExecuted(chunk.Gtids());
  for (const TxnRef& ref : chunk.txns) {
    dropped_ += ref.get().changes_end - ref.get().changes_begin;
  }
  if (chunk.end == Chunk::End::kOrigin) {
    BeginSource(chunk.origin);
    unshown_.reset();
    if (!chunk.origin.reason.empty()) {
      GiveUpStart(chunk.origin.reason, chunk.origin.detail, events);
    }
    return true;
  }
  if (source_last_ && chunk.offset < *source_last_) {
    ++epoch_;
    unshown_.reset();
  }
  source_last_ = chunk.offset;
  if (chunk.gtid.empty()) return true;
  if (!MayStart(chunk, events)) return true;
  if (start_) epoch_ = start_->epoch;
  SetCandidate(BarrierOf(chunk));
  return true;
}

void GtidPairer::BeginSource(const model::StreamOrigin& origin) {
  domains_.ClearAwaited();
  SourceExecuted(origin.executed);
  source_servers_.insert({origin.server_uuid, 0});
  if (origin.server_id != 0) source_servers_.insert({model::Uuid{}, origin.server_id});
  source_last_.reset();
}

void GtidPairer::SetCandidate(SourceBarrier barrier) {
  domains_.AwaitOnly(barrier.gtid);
  barrier_domain_ = barrier.gtid.source.domain;
  candidate_ = std::move(barrier);
}

// The candidate becomes c0 if the target shows it, in its stream.
bool GtidPairer::AcceptCandidate(std::vector<PairEvent>* events) {
  const auto executed_before = [&] { return target_origin_.executed.Contains(candidate_->gtid); };
  const auto passed = [&] {
    if (candidate_->gtid.source.mariadb()) return domains_.passed();
    return seen_.Contains(candidate_->gtid);
  };
  if (!ConsumeTargetUntil([&] { return executed_before() || passed(); })) {
    if (!target_begins_anew()) return false;
    PassTargetOrigin(events);
    return true;
  }
  const auto shown = shown_.find(candidate_->gtid);
  if (shown == shown_.end() || shown->second.offset != candidate_->offset) {
    if (!executed_before()) MissedByTarget(*candidate_);
    GiveUpStart("target", events);
    candidate_.reset();  // executed before the target's stream, or skipped there
    return true;
  }
  DropOwnBeforeCandidate();
  domains_.ClearAwaited();
  before_c0_ = before_;
  common_ = candidate_->offset;
  c0_ = Common(*candidate_, shown->second);
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
  if (!ConsumeTargetUntil([&] { return awaited_ == 0 && domains_.passed(); })) {
    if (!target_begins_anew()) return false;
    const model::StreamOrigin origin = target_.front().origin;
    EndRun(origin.reason, origin.detail, events);
    SetCandidate(end_);
    PassTargetOrigin(events);
    return true;
  }
  const auto shown = shown_.find(end_.gtid);
  if (shown == shown_.end() || shown->second.offset != end_.offset) {
    MissedByTarget(end_);
    source_closed_ = false;  // merge with the next segment
    return true;
  }
  EmitSegment(events);
  return true;
}

bool GtidPairer::CloseSource(std::vector<PairEvent>* events) {
  if (!source_.has_closed()) return false;
  domains_.AwaitFront();
  const Chunk chunk = source_.PopFront();
  const model::GtidSet gtids = chunk.Gtids();
  if (chunk.end == Chunk::End::kOrigin) {
    AnnounceShortRun(gtids, events);
    SourceExecuted(gtids);
    EndRun(chunk.origin.reason, chunk.origin.detail, events);
    BeginSource(chunk.origin);
    return true;
  }
  if (chunk.offset < *source_last_) {
    AnnounceShortRun(gtids, events);
    ++epoch_;
    SourceExecuted(gtids);
    EndRun(
        "epoch",
        absl::StrCat("the source's barrier went back from ", *source_last_, " to ", chunk.offset),
        events);
    source_last_ = chunk.offset;
    SetCandidate(BarrierOf(chunk));
    return true;
  }
  chunk.AppendWhole(left_out(), &pair_.source);
  gtids_.Add(gtids);
  NoteServers(gtids);
  if (chunk.offset == *source_last_) return true;  // repeated: cuts nothing
  source_last_ = chunk.offset;
  end_ = BarrierOf(chunk);
  if (gtids_.Intersects(target_origin_.executed)) {  // not seen whole
    if (!announced_) dropped_ += pair_.source.changes;
    EndRun("gap", "the target executed a part of the segment before its stream began", events);
    SetCandidate(end_);
    return true;
  }
  Announce(events);
  awaited_ = chunk.gtid.source.mariadb() ? 0 : CountMissing(gtids_, seen_);
  source_closed_ = true;
  return true;
}

void GtidPairer::EndRun(const std::string& reason, const std::string& detail,
                        std::vector<PairEvent>* events) {
  SourceExecuted(gtids_);
  running_ = false;
  source_closed_ = false;
  resumed_ = {};
  own_placed_.clear();
  unshown_.reset();
  awaited_ = 0;
  gtids_ = model::GtidSet();
  pair_ = SegmentPair{};
  if (announced_) {
    events->push_back(RunEndEvent(reason, detail));
  } else {
    GiveUpStart(reason, detail, events);
  }
}

void GtidPairer::Announce(std::vector<PairEvent>* events) {
  if (std::exchange(announced_, true)) return;
  PairEvent start;
  start.kind = PairEvent::Kind::kRunStart;
  start.epoch = epoch_;
  start.offset = common_;
  start.barrier = std::move(c0_);
  if (start_) resumed_ = *std::exchange(start_, std::nullopt);
  events->push_back(std::move(start));
}

// A run that ends in its first segment is one if nothing behind c0 was executed by
// the target before its stream began; `rest` is the end of that segment.
void GtidPairer::AnnounceShortRun(const model::GtidSet& rest, std::vector<PairEvent>* events) {
  if (gtids_.Intersects(target_origin_.executed) || rest.Intersects(target_origin_.executed))
    return;
  Announce(events);
}

void GtidPairer::MissedByTarget(const SourceBarrier& barrier) {
  if (!unshown_) unshown_ = barrier;
}

void GtidPairer::EmitSegment(std::vector<PairEvent>* events) {
  PairEvent event;
  GatherTarget(&pair_.target, &event.target_from);
  event.barrier = Common(end_, shown_.find(end_.gtid)->second);
  event.kind = PairEvent::Kind::kSegment;
  event.source_closed_at = unshown_ ? unshown_->at : end_.at;
  unshown_.reset();
  pair_.epoch = epoch_;
  pair_.from = common_;
  pair_.to = end_.offset;
  event.pair = std::move(pair_);
  events->push_back(std::move(event));
  common_ = end_.offset;
  domains_.ClearAwaited();
  before_.Add(gtids_);
  seen_.Add(gtids_);  // what left no trace too, so that the set has no holes
  recent_.push_back(std::exchange(gtids_, model::GtidSet()));
  if (recent_.size() > kRecentSegments) {
    NoteNewest(recent_.front());
    recent_.pop_front();
  }
  pair_ = SegmentPair{};
  source_closed_ = false;
  absl::erase_if(shown_, [&](const auto& entry) { return entry.second.offset <= common_; });
  GiveUpOldest(events);
}

// A transaction that the source has not shown for so long: whose it is, is not known.
void GtidPairer::GiveUpOldest(std::vector<PairEvent>* events) {
  if (arrivals_.empty() || !FollowedBy(kBarriersToGiveUp, arrivals_.front(), common_)) return;
  const std::string gtid = model::ToString(arrivals_.front().gtid());
  held_bytes_ -= arrivals_.front().bytes;
  arrivals_.pop_front();
  EndRun("gap",
         absl::StrCat("the target has transaction ", gtid, ", which the source has not shown"),
         events);
  SetCandidate(end_);
}

GtidPairer::Place GtidPairer::PlaceOf(const Arrival& arrival) const {
  if (arrival.own) return Place::kHereOwn;
  if (gtids_.Contains(arrival.gtid())) return Place::kHere;
  if (before_c0_.Contains(arrival.gtid())) return Place::kBefore;
  if (before_.Contains(arrival.gtid())) return Place::kHere;  // later than its domain's order says
  return IsForeign(arrival, end_.offset) ? Place::kHereOwn : Place::kLater;
}

// A server's numbers appear in the source's stream in rising order, but for what
// stands close together when the source is itself a parallel replica: one that was
// passed by two segments ago will not come any more. Neither will one of a server
// of which the source has nothing.
bool GtidPairer::SourcePassedBy(const model::Gtid& gtid) const {
  if (!source_servers_.contains(ServerOf(gtid.source))) return !MayOvertakeBarriers(gtid);
  const auto newest = newest_.find(gtid.source);
  return newest != newest_.end() && gtid.number < newest->second;
}

// Executed on the source before what is in work.
void GtidPairer::SourceExecuted(const model::GtidSet& gtids) {
  before_.Add(gtids);
  NoteServers(gtids);
  NoteNewest(gtids);
}

void GtidPairer::NoteServers(const model::GtidSet& gtids) {
  for (const auto& [source, intervals] : gtids.sources()) source_servers_.insert(ServerOf(source));
}

void GtidPairer::NoteNewest(const model::GtidSet& gtids) {
  for (const auto& [source, intervals] : gtids.sources()) {
    uint64_t& newest = newest_[source];
    newest = std::max(newest, intervals.back().last);
  }
}

// The transaction was written on the target: both sides have passed what the source
// would have shown it before.
bool GtidPairer::IsForeign(const Arrival& arrival, uint64_t end) const {
  // Two barriers, because one may overtake a transaction in a parallel applier.
  if (FollowedBy(2, arrival, end) && SourcePassedBy(arrival.gtid())) return true;
  return FollowedBy(kBarriersToGiveUp, arrival, end) &&
         !source_servers_.contains(ServerOf(arrival.gtid().source));
}

// MariaDB executes domains beside each other, with nothing that bounds how far apart.
bool GtidPairer::MayOvertakeBarriers(const model::Gtid& gtid) const {
  return gtid.source.mariadb() && gtid.source.domain != barrier_domain_;
}

bool GtidPairer::FollowedBy(uint64_t count, const Arrival& arrival, uint64_t end) const {
  const uint64_t last = arrival.barriers_before + count - 1;
  return last >= barrier_offsets_first_ &&
         last - barrier_offsets_first_ < barrier_offsets_.size() &&
         barrier_offsets_[last - barrier_offsets_first_] <= end;
}

void GtidPairer::GatherTarget(SegmentSide* side, std::optional<TargetPlace>* from) {
  std::vector<Arrival> later;
  uint64_t missing = gtids_.size() - CountMissing(gtids_, seen_);  // of those that left a trace
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
    if (!*from) *from = TargetPlace{arrival.barriers_before, arrival.from};
    if (place == Place::kHereOwn) {
      if (origin_ != Origin::kSource) TakeOwn(std::move(arrival), &later, side);
      continue;
    }
    --missing;
    side->KeepAlive(arrival.batch);
    AppendItems(arrival.ref(), side);
  }
  arrivals_.insert(arrivals_.begin(), std::make_move_iterator(later.begin()),
                   std::make_move_iterator(later.end()));
}

// What waits for a later segment is judged with that one.
void GtidPairer::TakeOwn(Arrival own, std::vector<Arrival>* later, SegmentSide* side) {
  const OwnPlaced placed{end_.offset, own.barriers_before, own.gtid()};
  const bool whole = WasJudged(own) || PlaceOwn(std::move(own), later, side);
  // It may stand behind the barrier that ends its segment.
  const bool ahead = placed.ordinal >= shown_.find(end_.gtid)->second.place.ordinal;
  if (whole && ahead && !placed.gtid.empty()) own_placed_.push_back(placed);
}

// Before a restart it was judged in a segment that was said then.
bool GtidPairer::WasJudged(const Arrival& arrival) const {
  return end_.offset > resumed_.said_to && resumed_.judged_ahead.Contains(arrival.gtid());
}

std::vector<Item> GtidPairer::ItemsOf(const Arrival& arrival) {
  if (!arrival.rest.empty()) return arrival.rest;
  SegmentSide side;
  AppendItems(arrival.ref(), &side);
  return std::move(side.items);
}

// An own change behind a change of the same key that belongs to a later segment
// waits for that segment, so that the order within the key stays. True: none waits.
bool GtidPairer::PlaceOwn(Arrival own, std::vector<Arrival>* later, SegmentSide* side) {
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
  if (rest.empty()) return true;
  own.rest = std::move(rest);
  own.own = true;
  held_bytes_ += own.bytes;
  later->push_back(std::move(own));
  return false;
}

}  // namespace dcp::checker
