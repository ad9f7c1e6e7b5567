#include "tests/checker/model/barrier_applier.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/history_maker.h"

namespace dcp::checker::test {
namespace {

using model::Mark;
using model::Version;

struct Unit {  // a write or a barrier (index)
  std::optional<Write> write;
  int64_t barrier = -1;
};

class BarrierApplier final : public HistoryMaker {
 public:
  using HistoryMaker::HistoryMaker;

 private:
  void Emit() override {
    EmitSource();
    EmitTarget(Apply());
    for (const ForeignAt& foreign : foreign_) {
      history_.foreign.push_back({foreign.key, OffsetOf(foreign.barrier)});
    }
    if (!HasBreaks()) FillMoments();
  }

  // --- the source ---

  Mark UnverifiedMark() const {
    Mark mark;
    mark.kind = Mark::Kind::kUnverified;
    if (!mark_all_) mark.table = KeyedTable();
    mark.reason = "image";
    return mark;
  }

  void EmitSource() {
    auto state = initial_;
    Stream& out = history_.source;
    out.push_back(Origin(true, ""));
    const int64_t skip_in_first = random_.In(0, 2);
    int64_t skipped = 0;
    bool restarted = false;
    for (const SourceTxn& txn : source_) {
      PlainTxn plain;
      const bool in_restart = InRestart(txn.segment, restart_source_at_, restart_length_);
      if (txn.segment >= restart_source_at_ + restart_length_ && !restarted) {
        out.push_back(Origin(true, "restart"));
        restarted = true;
      }
      for (const Write& write : txn.writes) {
        plain.entries.push_back(ChangeOf(write, state[write.key], pushed_source_));
        state[write.key] = write.after;
      }
      if (txn.barrier >= 0 && mark_on_source_ && txn.barrier == mark_at_) {
        plain.entries.push_back(UnverifiedMark());
      }
      if (txn.barrier >= 0 && SourceShows(txn.barrier)) {
        plain.entries.push_back(BarrierMark(OffsetOf(txn.barrier)));
        if (random_.Percent(5)) plain.entries.push_back(BarrierMark(OffsetOf(txn.barrier)));
      }
      const bool before_start =
          txn.segment < source_start_ ||
          (txn.segment == source_start_ && txn.barrier < 0 && skipped++ < skip_in_first);
      if (before_start || in_restart) continue;
      if (HiddenByMark(true, txn.segment) && txn.barrier < 0 && random_.Percent(50)) continue;
      out.push_back(plain);
    }
    // What may come behind a gap at the end does not follow without a word.
    if (restart_source_at_ != kNever && !restarted) out.push_back(Origin(true, "restart"));
  }

  // Changes of the marked table may be missing in the stream in that segment.
  bool HiddenByMark(bool source, int64_t segment) const {
    return segment == mark_at_ && mark_on_source_ == source && mark_all_;
  }

  // --- the applier ---

  std::vector<Unit> Apply() {
    std::vector<Unit> units = Cross();
    if (!Is(Theme::kReplay) || random_.Percent(30)) Merge(units);
    if (Is(Theme::kFaults)) InjectFaults(units);
    if (Is(Theme::kReplay) || random_.Percent(15)) Retry(units);
    return units;
  }

  // Rows in the target's segments: moved over up to N barriers, in order per key.
  std::vector<Unit> Cross() {
    const bool crossing = N() > 0 && (Is(Theme::kLateness) || random_.Percent(70));
    const bool early = !HasBreaks();
    std::map<std::string, int64_t> last;
    std::vector<std::vector<Write>> slots(static_cast<size_t>(barriers_) + 1);
    for (const SourceTxn& txn : source_) {
      for (const Write& write : txn.writes) {
        int64_t slot = write.segment;
        if (crossing && !write.relative) slot = CrossTo(write.segment, early);
        slot = std::max(slot, last[write.key]);
        last[write.key] = slot;
        PutInSlot(slots[static_cast<size_t>(slot)], write);
      }
    }
    std::vector<Unit> units;
    for (int64_t i = 0; i <= barriers_; ++i) {
      for (const Write& write : slots[static_cast<size_t>(i)]) units.push_back({write, -1});
      units.push_back({std::nullopt, i});
    }
    return units;
  }

  int64_t CrossTo(int64_t segment, bool early) {
    const int64_t start = CommonFrom(0);
    // A row that overtakes the barrier from which on the target is seen cannot
    // be told from a lost one (docs/semantics.md, section 2).
    const int64_t least = segment > start ? start + 1 : 0;
    const int64_t slot = segment + (random_.Percent(50) ? random_.In(early ? -N() : 0, N()) : 0);
    return std::clamp<int64_t>(slot, std::min(least, segment), barriers_);
  }

  // Anywhere behind the last write of the same key.
  void PutInSlot(std::vector<Write>& slot, const Write& write) {
    size_t least = 0;
    for (size_t i = 0; i < slot.size(); ++i) {
      if (slot[i].key == write.key) least = i + 1;
    }
    const size_t at =
        random_.Percent(60) ? slot.size() : least + random_.Below(slot.size() - least + 1);
    slot.insert(slot.begin() + static_cast<std::ptrdiff_t>(at), write);
  }

  // Of two writes of a key without a barrier between them the first is left out.
  void Merge(std::vector<Unit>& units) {
    const uint64_t percent = random_.Percent(50) ? 40 : 0;
    for (size_t i = 0; i < units.size(); ++i) {
      if (!units[i].write.has_value() || units[i].write->relative) continue;
      if (!random_.Percent(percent) || !OverwrittenInSlot(units, i)) continue;
      units.erase(units.begin() + static_cast<std::ptrdiff_t>(i--));
    }
  }

  static bool OverwrittenInSlot(const std::vector<Unit>& units, size_t i) {
    for (size_t k = i + 1; k < units.size() && units[k].write.has_value(); ++k) {
      if (units[k].write->key == units[i].write->key) return true;
    }
    return false;
  }

  void Retry(std::vector<Unit>& units) {
    for (int64_t times = random_.In(1, 3); times > 0; --times) {
      const size_t end = random_.Below(units.size() + 1);
      const size_t length = random_.Below(std::min<size_t>(end, 12) + 1);
      // Behind a barrier that jumped, one that falls makes it look foreign.
      const bool jumps = !target_misses_.empty() || restart_source_at_ != kNever ||
                         restart_target_at_ != kNever || epoch_at_ != kNever;
      const bool with_barriers = random_.Percent(50) && !jumps;
      std::vector<Unit> again = Repeated(units, end - length, end, with_barriers);
      if (!again.empty()) {
        Note(absl::StrCat("retry of ", again.size(), with_barriers ? " with barriers" : ""));
      }
      units.insert(units.begin() + static_cast<std::ptrdiff_t>(end), again.begin(), again.end());
    }
  }

  // Units [begin, end) as they are applied once more; empty if that would not
  // be an applier's doing that can be recognised.
  std::vector<Unit> Repeated(const std::vector<Unit>& units, size_t begin, size_t end,
                             bool with_barriers) {
    const int64_t segment = SlotAt(units, end);
    std::vector<Unit> again;
    bool barrier_went_back = false;
    for (size_t i = begin; i < end; ++i) {
      if (!units[i].write.has_value()) {
        barrier_went_back |= TargetShows(units[i].barrier);
        if (with_barriers) again.push_back(units[i]);
      } else if (!units[i].write->relative) {
        again.push_back(units[i]);
      }
    }
    const bool shown = with_barriers && barrier_went_back;
    for (const Unit& unit : again) {
      if (!shown && unit.write.has_value() && !Recent(*unit.write, segment)) return {};
    }
    return again;
  }

  int64_t SlotAt(const std::vector<Unit>& units, size_t at) const {
    for (size_t i = at; i < units.size(); ++i) {
      if (!units[i].write.has_value() && units[i].barrier > 0) return units[i].barrier;
    }
    return barriers_;
  }

  // Within what rule H looks back to, without barriers that tell of the replay.
  bool Recent(const Write& write, int64_t segment) const {
    if (write.segment <= KnownSince(segment + N())) return false;
    return segment - write.segment + 1 < int64_t{history_.options.history};
  }

  void InjectFaults(std::vector<Unit>& units) {
    for (int64_t times = random_.In(1, 2); times > 0; --times) {
      const size_t at = random_.Below(units.size());
      switch (random_.Below(3)) {
        case 0:
          Lose(units, at);
          break;
        case 1:
          WriteForeign(units, at, key_names_[random_.Below(static_cast<uint64_t>(keys_))]);
          break;
        default:
          WriteForeign(units, at, absl::StrCat(KeyedTable(), "[9]"));
      }
    }
  }

  void Lose(std::vector<Unit>& units, size_t at) {
    while (at < units.size() && !units[at].write.has_value()) ++at;
    if (at == units.size()) return;
    Note(absl::StrCat("lost ", units[at].write->key, ">", Dump(units[at].write->after)));
    units.erase(units.begin() + static_cast<std::ptrdiff_t>(at));
    history_.faulty = true;
  }

  void WriteForeign(std::vector<Unit>& units, size_t at, const std::string& key) {
    Write write{key, Letter(100 + random_.Below(3)), false, 0, -1, true};
    std::vector<Unit> inserted = {{write, -1}};
    if (random_.Percent(40)) {  // and put right again
      write.after = StateBefore(units, at, key);
      write.foreign = false;
      inserted.push_back({write, -1});
    }
    Note(absl::StrCat("foreign ", key));
    units.insert(units.begin() + static_cast<std::ptrdiff_t>(at), inserted.begin(), inserted.end());
    history_.faulty = true;
  }

  Version StateBefore(const std::vector<Unit>& units, size_t at, const std::string& key) const {
    Version version = initial_.contains(key) ? initial_.at(key) : Version();
    for (size_t i = 0; i < at; ++i) {
      if (units[i].write.has_value() && units[i].write->key == key) version = units[i].write->after;
    }
    return version;
  }

  void EmitTarget(const std::vector<Unit>& units) { TargetEmitter{*this}.Emit(units); }

  // Turns units into the target's stream and records its states.
  struct TargetEmitter {
    BarrierApplier& g;
    std::map<std::string, Version> state = g.initial_;
    int64_t slot = 0;  // the barrier that comes next, if nothing is replayed
    int64_t highest = -1;
    bool restarted = false;
    uint64_t skip = g.random_.Below(3);  // writes before the stream begins

    bool Skip() {
      if (skip == 0) return false;
      --skip;
      return true;
    }

    void Emit(const std::vector<Unit>& units) {
      Stream& out = g.history_.target;
      out.push_back(g.Origin(false, ""));
      for (const Unit& unit : units) {
        PlainTxn txn;
        const int64_t segment = slot;
        if (segment >= g.restart_target_at_ + g.restart_length_ && !restarted) {
          out.push_back(g.Origin(false, "gap"));
          restarted = true;
        }
        if (unit.write.has_value()) {
          TakeWrite(*unit.write, txn);
        } else {
          TakeBarrier(unit.barrier, txn);
        }
        const bool lost =
            InRestart(segment, g.restart_target_at_, g.restart_length_) ||
            segment < g.target_start_ ||
            (segment == g.target_start_ && unit.write.has_value() && Skip()) ||
            (g.HiddenByMark(false, segment) && unit.write.has_value() && g.random_.Percent(50));
        if (lost || txn.entries.empty()) continue;
        Append(out, txn);
      }
      if (g.restart_target_at_ != kNever && !restarted) out.push_back(g.Origin(false, "gap"));
      g.target_state_ = state;
    }

    // Some transactions hold several units.
    void Append(Stream& out, const PlainTxn& txn) const {
      auto* last = std::get_if<PlainTxn>(&out.back());
      if (last != nullptr && g.random_.Percent(30)) {
        last->entries.insert(last->entries.end(), txn.entries.begin(), txn.entries.end());
      } else {
        out.push_back(txn);
      }
    }

    // A server logs nothing for a row that is as it should be already. Where the
    // source's before images are not told, that cannot be distinguished from a
    // lost change (and no row can be read), so such appliers are left out; as in
    // the first N segments, when the row may be as it should be because of what
    // happened before the start.
    bool LogsNothing() const {
      const bool known = g.N() == 0 || slot > g.KnownSince(slot) + g.N();
      return known && !g.pushed_source_ && g.random_.Percent(70);
    }

    void TakeWrite(const Write& write, PlainTxn& txn) {
      Version& now = state[write.key];
      if (!write.relative && now == write.after && LogsNothing()) return;
      const bool changes = now != write.after;
      txn.entries.push_back(ChangeOf(write, now, g.pushed_target_));
      now = write.after;
      if (write.foreign && changes) {
        const int64_t end = g.CommonFrom(slot);
        const int64_t start = g.CommonFrom(0);
        if (slot > start && end != kNever) g.foreign_.push_back({write.key, end});
      }
      g.target_touched_[slot].insert(write.key);
    }

    void TakeBarrier(int64_t barrier, PlainTxn& txn) {
      if (!g.mark_on_source_ && barrier == g.mark_at_ && barrier > highest) {
        txn.entries.push_back(g.UnverifiedMark());
      }
      if (barrier > highest) {
        highest = barrier;
        slot = barrier + 1;
        g.target_at_[barrier] = state;
      }
      if (!g.TargetShows(barrier)) return;
      if (g.random_.Percent(3) && g.epoch_at_ == kNever && barrier > g.CommonFrom(0)) {
        txn.entries.push_back(BarrierMark(1'000'000'000 + g.random_.Below(9)));
      }
      txn.entries.push_back(BarrierMark(g.OffsetOf(barrier)));
    }
  };

  // --- the truth ---

  void FillMoments() {
    auto state = initial_;
    Moment moment;
    for (const SourceTxn& txn : source_) {
      for (const Write& write : txn.writes) {
        if (write.relative) continue;
        state[write.key] = write.after;
        moment.source_had[write.key].insert(Dump(write.after));
        moment.touched.insert(write.key);
      }
      if (txn.barrier < 0) continue;
      const auto touched = target_touched_.find(txn.barrier);
      if (touched != target_touched_.end()) {
        moment.touched.insert(touched->second.begin(), touched->second.end());
      }
      if (CommonFrom(txn.barrier) != txn.barrier) continue;
      moment.offset = OffsetOf(txn.barrier);
      moment.source = state;
      moment.target = target_at_[txn.barrier];
      history_.moments.push_back(std::exchange(moment, {}));
    }
  }

  struct ForeignAt {
    std::string key;
    int64_t barrier;
  };

  std::map<int64_t, std::map<std::string, Version>> target_at_;  // by barrier
  std::map<int64_t, std::set<std::string>> target_touched_;      // by segment
  std::vector<ForeignAt> foreign_;
};

}  // namespace

History MakeBarrierHistory(Theme theme, uint64_t seed) {
  return BarrierApplier(theme, seed).Make();
}

}  // namespace dcp::checker::test
