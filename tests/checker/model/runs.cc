#include "tests/checker/model/runs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace dcp::checker::test {
namespace {

using model::Gtid;
using model::Mark;

// One entry of a stream, or (monostate) the end of a transaction.
struct Event {
  std::variant<std::monostate, PlainChange, Mark> what;
  Gtid gtid;
  size_t txn = 0;
};

// What a side shows without a break: since an origin, or since a new epoch.
struct Stretch {
  model::StreamOrigin origin;
  bool new_epoch = false;
  std::string reason;
  std::vector<Event> events;
};

std::optional<uint64_t> BarrierOf(const Event& event) {
  const Mark* mark = std::get_if<Mark>(&event.what);
  if (mark == nullptr || mark->kind != Mark::Kind::kBarrier) return std::nullopt;
  return mark->barrier_offset;
}

Stretch Begin(const model::StreamOrigin& origin) { return {origin, false, origin.reason, {}}; }

Stretch NextEpoch(const Stretch& before) { return {before.origin, true, "epoch", {}}; }

// Splits a stream at its origins and, for a source, where its offsets go back.
std::vector<Stretch> SplitStream(const Stream& stream, bool is_source) {
  std::vector<Stretch> stretches;
  uint64_t last = 0;  // barrier, where `any` was seen since the origin
  bool any = false;
  for (size_t i = 0; i < stream.size(); ++i) {
    if (const auto* origin = std::get_if<model::StreamOrigin>(&stream[i])) {
      stretches.push_back(Begin(*origin));
      any = false;
      continue;
    }
    const PlainTxn& txn = std::get<PlainTxn>(stream[i]);
    for (const auto& entry : txn.entries) {
      Event event{std::monostate(), txn.gtid, i};
      std::visit([&event](const auto& e) { event.what = e; }, entry);
      if (const auto offset = BarrierOf(event)) {
        if (is_source && any && *offset == last) continue;  // a repetition
        if (is_source && any && *offset < last) {
          stretches.push_back(NextEpoch(stretches.back()));
        }
        last = *offset;
        any = true;
      }
      stretches.back().events.push_back(event);
    }
    stretches.back().events.push_back({std::monostate(), txn.gtid, i});
  }
  return stretches;
}

// Index of the first barrier `offset` at or behind `begin`.
std::optional<size_t> FindBarrier(const Stretch& stretch, size_t begin, uint64_t offset) {
  for (size_t i = begin; i < stretch.events.size(); ++i) {
    if (BarrierOf(stretch.events[i]) == offset) return i;
  }
  return std::nullopt;
}

// Index of the first barrier at or behind `begin`, or the end.
size_t NextBarrier(const Stretch& stretch, size_t begin) {
  while (begin < stretch.events.size() && !BarrierOf(stretch.events[begin]).has_value()) ++begin;
  return std::min(begin, stretch.events.size());
}

// True if the barrier behind barrier `at` is lower.
bool FallsBehind(const Stretch& stretch, size_t at) {
  const size_t next = NextBarrier(stretch, at + 1);
  return next < stretch.events.size() &&
         *BarrierOf(stretch.events[next]) < *BarrierOf(stretch.events[at]);
}

std::vector<uint64_t> BarriersFrom(const Stretch& stretch, size_t begin) {
  std::vector<uint64_t> offsets;
  for (size_t i = begin; i < stretch.events.size(); ++i) {
    if (const auto offset = BarrierOf(stretch.events[i])) offsets.push_back(*offset);
  }
  return offsets;
}

void AddEntry(const Event& event, std::vector<Entry>& entries) {
  if (const auto* change = std::get_if<PlainChange>(&event.what)) entries.push_back(*change);
  const auto* mark = std::get_if<Mark>(&event.what);
  if (mark == nullptr) return;
  const bool compared = mark->kind == Mark::Kind::kUnverified || mark->kind == Mark::Kind::kDdl;
  if (compared) entries.push_back(*mark);
}

// MariaDB: the server's stream or its mark of executed transactions names it.
bool Names(const Event& event, const Gtid& gtid) {
  const auto* mark = std::get_if<Mark>(&event.what);
  const bool told = mark != nullptr && mark->kind == Mark::Kind::kExecuted;
  return event.gtid == gtid || (told && mark->executed.Contains(gtid));
}

bool IsServer(const Gtid& gtid, const model::StreamOrigin& origin) {
  if (gtid.source.mariadb()) return gtid.source.server_id == origin.server_id;
  return gtid.source.uuid == origin.server_uuid;
}

std::vector<Entry> Between(const Stretch& stretch, size_t begin, size_t end) {
  std::vector<Entry> entries;
  for (size_t i = begin; i < end; ++i) AddEntry(stretch.events[i], entries);
  return entries;
}

// True if the rows of some table are unknown because of a mark.
bool MakesUnknown(const std::vector<Entry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
    const auto* mark = std::get_if<Mark>(&entry);
    return mark != nullptr &&
           (mark->kind == Mark::Kind::kUnverified || mark->effect == Mark::DdlEffect::kRowsUnknown);
  });
}

class Cutter {
 public:
  Cutter(const PairOptions& options, const Stream& source, const Stream& target)
      : options_(options),
        sources_(SplitStream(source, /*is_source=*/true)),
        targets_(SplitStream(target, /*is_source=*/false)) {}

  std::vector<Run> Cut() {
    if (sources_.empty() || targets_.empty()) return {};
    std::optional<Place> place = FirstCommon({0, 0, 0, 0});
    if (!place.has_value()) place = NextPlace({0, 0, 0, 0});
    std::string reason;
    while (place.has_value()) {
      const Place end = BuildRun(*place, reason);
      if (held_) break;
      place = NextPlace(end);
      if (place.has_value()) reason = ReasonBetween(end, *place);
    }
    return std::move(runs_);
  }

 private:
  // Stretch `a` of the source from event `s` on, stretch `b` of the target from
  // event `t` on.
  struct Place {
    size_t a, b, s, t;
  };

  const Stretch& S(const Place& place) const { return sources_[place.a]; }
  const Stretch& T(const Place& place) const { return targets_[place.b]; }

  bool ByGtid(const Place& at_common) const {
    if (options_.align != Align::kAuto) return options_.align == Align::kGtid;
    const Gtid& gtid = S(at_common).events[at_common.s].gtid;
    return !gtid.empty() && gtid == T(at_common).events[at_common.t].gtid &&
           (S(at_common).origin.server_uuid != T(at_common).origin.server_uuid ||
            S(at_common).origin.server_id != T(at_common).origin.server_id);
  }

  // The first barrier at or behind `from` that both stretches show.
  std::optional<Place> FirstCommon(const Place& from) const {
    size_t s = NextBarrier(S(from), from.s);
    for (size_t t = NextBarrier(T(from), from.t); t < T(from).events.size();
         t = NextBarrier(T(from), t + 1)) {
      const uint64_t offset = *BarrierOf(T(from).events[t]);
      while (s < S(from).events.size() && *BarrierOf(S(from).events[s]) < offset) {
        if (FallsBehind(T(from), t)) break;  // foreign
        s = NextBarrier(S(from), s + 1);
      }
      if (s == S(from).events.size()) return std::nullopt;
      if (*BarrierOf(S(from).events[s]) == offset) return Place{from.a, from.b, s, t};
    }
    return std::nullopt;
  }

  // Where the next run begins after one that ended at `end`: the sides that have
  // a further stretch go on to it, one alone before both.
  std::optional<Place> NextPlace(const Place& end) const {
    std::optional<Place> place;
    const bool more_s = end.a + 1 < sources_.size();
    const bool more_t = end.b + 1 < targets_.size();
    if (more_s) place = FirstCommon({end.a + 1, end.b, 0, end.t});
    if (!place.has_value() && more_t) place = FirstCommon({end.a, end.b + 1, end.s, 0});
    if (!place.has_value() && more_s && more_t) place = FirstCommon({end.a + 1, end.b + 1, 0, 0});
    if (!place.has_value() && more_s) place = NextPlace({end.a + 1, end.b, 0, end.t});
    if (!place.has_value() && more_t) place = NextPlace({end.a, end.b + 1, end.s, 0});
    return place;
  }

  std::string ReasonBetween(const Place& end, const Place& next) const {
    return next.a != end.a ? S(next).reason : T(next).reason;
  }

  uint64_t EpochOf(const Place& place) const {
    uint64_t epoch = 1;
    for (size_t i = 0; i <= place.a; ++i) epoch += sources_[i].new_epoch ? 1U : 0U;
    return epoch;
  }

  Place BuildRun(const Place& at, const std::string& reason) {
    return ByGtid(at) ? BuildGtidRun(at, reason) : BuildBarrierRun(at, reason);
  }

  // --- align = barrier ---

  enum class GoingBack { kReplay, kEntry, kHeld };

  // What it means that the target shows `offset` again while its next barrier
  // would be the first one of the source behind event `s`.
  GoingBack Judge(const Place& now, uint64_t offset) const {
    if (BarriersFrom(S(now), now.s + 1).size() >= 2) return GoingBack::kReplay;
    if (now.a + 1 == sources_.size()) return GoingBack::kHeld;
    const Stretch& next = sources_[now.a + 1];
    if (!next.new_epoch) return GoingBack::kReplay;
    if (FindBarrier(next, 0, offset).has_value()) return GoingBack::kEntry;
    const std::vector<uint64_t> seen = BarriersFrom(next, 0);
    const bool over = now.a + 2 < sources_.size() || (!seen.empty() && seen.back() > offset);
    return over ? GoingBack::kReplay : GoingBack::kHeld;
  }

  // True if rows replayed up to barrier `offset` may be older than what rule H
  // can look back to from the segment that is open in `run`.
  bool BeyondHistory(const Run& run, uint64_t offset) const {
    const int64_t open = static_cast<int64_t>(run.segments.size()) + 1;
    int64_t oldest = std::max<int64_t>(1, open + 1 - int64_t{options_.history});
    for (int64_t i = 1; i < open; ++i) {
      const SegmentPair& segment = run.segments[static_cast<size_t>(i - 1)];
      if (MakesUnknown(segment.source) || MakesUnknown(segment.target))
        oldest = std::max(oldest, i + 1);
    }
    int64_t shown = 0;  // the segment that ends at `offset` or holds it
    if (offset > run.first) {
      shown = open;
      for (int64_t i = open - 1; i >= 1; --i) {
        if (offset <= run.segments[static_cast<size_t>(i - 1)].to) shown = i;
      }
    }
    return shown - int64_t{options_.lateness} < oldest;
  }

  Place BuildBarrierRun(Place now, const std::string& reason) {
    Run run{EpochOf(now), *BarrierOf(S(now).events[now.s]), options_.lateness, reason, {}};
    uint64_t last = run.first;
    SegmentPair open;
    bool changed = false;  // since `last`
    size_t scanned = now.t + 1;
    for (; scanned < T(now).events.size(); ++scanned) {
      const Event& event = T(now).events[scanned];
      const auto offset = BarrierOf(event);
      if (!offset.has_value()) {
        changed |= std::holds_alternative<PlainChange>(event.what);
        AddEntry(event, open.target);
      } else if (*offset == last) {
        if (changed && BeyondHistory(run, *offset)) open.beyond_history = true;
      } else if (*offset < last) {
        const GoingBack going_back = Judge(now, *offset);
        if (going_back == GoingBack::kHeld) held_ = true;
        if (going_back == GoingBack::kEntry) SplitTarget(now.b, scanned);
        if (going_back != GoingBack::kReplay) break;
        if (BeyondHistory(run, *offset)) open.beyond_history = true;
        last = *offset;
      } else if (*offset > last) {
        const auto s = FindBarrier(S(now), now.s + 1, *offset);
        const bool ahead = !s.has_value() && IsAboveTheNext(now, run, last, *offset);
        if (ahead && FallsBehind(T(now), scanned)) continue;  // foreign
        if (*offset > run.last() && s.has_value()) {
          open.from = run.last();
          open.to = *offset;
          open.source = Between(S(now), now.s + 1, *s);
          run.segments.push_back(std::exchange(open, {}));
          now.s = *s;
          now.t = scanned;
        }
        last = *offset;
      }
      if (offset == last) changed = false;
    }
    runs_.push_back(std::move(run));
    ++now.s;
    ++now.t;
    return now;
  }

  // A target offset above the next source barrier, where the target's own
  // barriers have come up to `last`.
  bool IsAboveTheNext(const Place& now, const Run& run, uint64_t last, uint64_t offset) const {
    for (const uint64_t next : BarriersFrom(S(now), now.s + 1)) {
      if (next > std::max(run.last(), last)) return offset > next;
    }
    return offset > run.last();
  }

  void SplitTarget(size_t b, size_t at) {
    Stretch entered = NextEpoch(targets_[b]);
    auto& events = targets_[b].events;
    entered.events.assign(events.begin() + static_cast<std::ptrdiff_t>(at), events.end());
    events.resize(at);
    targets_.insert(targets_.begin() + static_cast<std::ptrdiff_t>(b) + 1, std::move(entered));
  }

  // --- align = gtid ---

  static constexpr size_t kLater = SIZE_MAX;  // a segment that is not known yet

  // Index of the target's barrier event that belongs to the source's `s`.
  std::optional<size_t> SameBarrier(const Place& at, size_t s) const {
    const Event& barrier = S(at).events[s];
    for (size_t t = 0; t < T(at).events.size(); ++t) {
      const Event& event = T(at).events[t];
      if (event.gtid == barrier.gtid && BarrierOf(event) == BarrierOf(barrier)) return t;
    }
    return std::nullopt;
  }

  // True if the target had executed something of the source's behind event `s`
  // before its stream began.
  bool ExecutedBehind(const Place& at, size_t s) const {
    for (size_t i = s + 1; i < S(at).events.size(); ++i) {
      const Event& event = S(at).events[i];
      if (event.txn != S(at).events[s].txn && !event.gtid.empty() &&
          T(at).origin.executed.Contains(event.gtid)) {
        return true;
      }
    }
    return false;
  }

  // Source events of the common barriers c0, c1, ... at or behind `at`.
  std::vector<size_t> GtidBarriers(const Place& at) const {
    std::vector<size_t> cuts;
    for (size_t s = at.s; s < S(at).events.size(); ++s) {
      if (!BarrierOf(S(at).events[s]).has_value()) continue;
      if (!SameBarrier(at, s).has_value()) continue;
      if (cuts.empty() && ExecutedBehind(at, s)) continue;
      cuts.push_back(s);
    }
    return cuts;
  }

  // The segment that each GTID of the source belongs to; 0: before c0.
  std::map<std::string, size_t> SegmentOfGtids(const Place& at,
                                               const std::vector<size_t>& cuts) const {
    std::map<std::string, size_t> segment_of;
    for (size_t s = 0; s < S(at).events.size(); ++s) {
      size_t segment = 0;
      while (segment < cuts.size() && s > cuts[segment]) ++segment;
      const Gtid& gtid = S(at).events[s].gtid;
      if (!gtid.empty()) segment_of.emplace(model::ToString(gtid), segment);  // its first event
    }
    return segment_of;
  }

  // MariaDB: the target has named one that stands behind it in the source's stream, in
  // its domain, so it has executed this one too.
  bool LeftNoTrace(const Place& at, const std::string& text) const {
    bool behind = false;
    uint32_t domain = 0;
    for (const Event& event : S(at).events) {
      if (!event.gtid.source.mariadb()) continue;
      if (model::ToString(event.gtid) == text) {
        behind = true;
        domain = event.gtid.source.domain;
      }
      if (!behind || event.gtid.source.domain != domain) continue;
      for (const Event& shown : T(at).events) {
        if (Names(shown, event.gtid)) return true;
      }
    }
    return false;
  }

  // Per segment the target event with which it is closed; stops at the first
  // segment that is not.
  std::vector<size_t> ClosedAt(const Place& at, const std::vector<size_t>& cuts,
                               const std::map<std::string, size_t>& segment_of) const {
    std::vector<size_t> closed_at = {*SameBarrier(at, cuts[0])};
    for (size_t i = 1; i < cuts.size(); ++i) {
      size_t end = closed_at.back();
      for (const auto& [gtid, segment] : segment_of) {
        if (segment != i) continue;
        std::optional<size_t> seen;
        for (size_t t = 0; t < T(at).events.size(); ++t) {
          if (model::ToString(T(at).events[t].gtid) == gtid) seen = t;
        }
        if (!seen.has_value() && !LeftNoTrace(at, gtid)) return closed_at;
        if (seen.has_value()) end = std::max(end, *seen);
      }
      closed_at.push_back(end);
    }
    return closed_at;
  }

  // The segment that target event `t` belongs to; 0: dropped; none: not known.
  std::optional<size_t> SegmentOfTargetEvent(const Place& at, const std::vector<size_t>& cuts,
                                             const std::map<std::string, size_t>& segment_of,
                                             const std::vector<size_t>& closed_at, size_t t) const {
    const Gtid& gtid = T(at).events[t].gtid;
    const bool own = gtid.empty() || IsServer(gtid, T(at).origin);
    if (!own) {
      const auto it = segment_of.find(model::ToString(gtid));
      if (it != segment_of.end()) return it->second;
      if (S(at).origin.executed.Contains(gtid)) return 0;
      // It comes from the source, so the source will show it.
      if (IsServer(gtid, S(at).origin)) return std::nullopt;
    }
    if (own) {
      for (size_t i = 0; i < closed_at.size(); ++i) {
        if (closed_at[i] > t) return i;
      }
      return std::nullopt;
    }
    // Domains overtake each other without a bound (and 100 barriers are never seen here).
    const bool other_domain = gtid.source.domain != S(at).events[at.s].gtid.source.domain;
    if (gtid.source.mariadb() && other_domain) return std::nullopt;
    const size_t first = NextBarrier(T(at), t + 1);
    const size_t second = NextBarrier(T(at), first + 1);
    if (second == T(at).events.size()) return std::nullopt;
    for (size_t i = 0; i < cuts.size(); ++i) {
      if (*BarrierOf(S(at).events[cuts[i]]) >= *BarrierOf(T(at).events[second])) return i;
    }
    return std::nullopt;
  }

  Place BuildGtidRun(const Place& at, const std::string& reason) {
    const std::vector<size_t> cuts = GtidBarriers(at);
    if (cuts.empty()) return {at.a, at.b, S(at).events.size(), T(at).events.size()};
    const auto segment_of = SegmentOfGtids(at, cuts);
    const auto closed_at = ClosedAt(at, cuts, segment_of);
    Run run{EpochOf(at), *BarrierOf(S(at).events[cuts[0]]), /*lateness=*/0, reason, {}};
    for (size_t i = 1; i < closed_at.size(); ++i) {
      run.segments.push_back({run.last(),
                              *BarrierOf(S(at).events[cuts[i]]),
                              Between(S(at), cuts[i - 1] + 1, cuts[i]),
                              {},
                              false});
    }
    std::map<std::string, size_t> latest;  // per key, of what stands before
    for (size_t t = 0; t < T(at).events.size(); ++t) {
      const Event& event = T(at).events[t];
      size_t segment = SegmentOfTargetEvent(at, cuts, segment_of, closed_at, t).value_or(kLater);
      if (segment == 0) continue;
      if (const auto* change = std::get_if<PlainChange>(&event.what)) {
        const bool own = !segment_of.contains(model::ToString(event.gtid));
        size_t& last = latest[change->key];
        if (own) segment = std::max(segment, last);
        last = std::max(last, segment);
      }
      if (segment < closed_at.size()) AddEntry(event, run.segments[segment - 1].target);
    }
    runs_.push_back(std::move(run));
    return {at.a, at.b, cuts[closed_at.size() - 1] + 1,
            *SameBarrier(at, cuts[closed_at.size() - 1]) + 1};
  }

  const PairOptions options_;
  std::vector<Stretch> sources_;
  std::vector<Stretch> targets_;
  std::vector<Run> runs_;
  bool held_ = false;  // the target waits at a going-back that cannot be judged yet
};

}  // namespace

std::vector<Run> CutRuns(const PairOptions& options, const Stream& source, const Stream& target) {
  return Cutter(options, source, target).Cut();
}

}  // namespace dcp::checker::test
