#include "tests/checker/model/history_generator.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::checker::test {
namespace {

using model::Digest;
using model::Gtid;
using model::Mark;
using model::Op;
using model::Version;

const std::string& KeyedTable() {
  static const auto* const kName = new std::string("t");
  return *kName;
}
const std::string& KeylessTable() {
  static const auto* const kName = new std::string("u");
  return *kName;
}
const std::string& TableOf(bool keyless) { return keyless ? KeylessTable() : KeyedTable(); }

model::Uuid UuidOf(uint8_t first) {
  model::Uuid uuid{};
  uuid[0] = first;
  return uuid;
}
constexpr uint8_t kSourceServer = 1;
constexpr uint8_t kTargetServer = 2;
constexpr uint8_t kThirdServer = 3;
constexpr uint8_t kUpstreamServer = 4;  // that the source replicates from

Gtid GtidOf(uint8_t server, uint64_t number) { return {{UuidOf(server), ""}, number}; }

Version Letter(uint64_t n) { return Version::Content(Digest{0, n}); }

// One write of the source, and what the target makes of it.
struct Write {
  std::string key;
  Version after;
  bool relative = false;
  int64_t delta = 0;
  int64_t segment = 0;  // index of the source's barrier that ends its segment
  bool foreign = false;
};

struct Unit {  // a write or a barrier (index)
  std::optional<Write> write;
  int64_t barrier = -1;
};

struct SourceTxn {
  std::vector<Write> writes;  // empty: a barrier
  int64_t barrier = -1;
  int64_t segment = 0;  // -1: not the source's
  uint64_t number = 0;
  Gtid gtid = {};
};

class Generator {
 public:
  Generator(Theme theme, uint64_t seed)
      : theme_(theme), random_(seed * 8 + static_cast<uint64_t>(theme)) {
    history_.seed = seed;
  }

  History Make() {
    ChooseOptions();
    ChooseBarriers();
    MakeSource();
    if (gtid_) {
      EmitGtidSource();
      EmitGtidTarget();
    } else {
      EmitSource();
      EmitTarget(Apply());
    }
    FindTruth();
    return std::move(history_);
  }

 private:
  static constexpr int64_t kNever = 1'000'000;

  bool Is(Theme theme) const { return theme_ == theme; }
  void Note(const std::string& note) { absl::StrAppend(&history_.notes, note, "; "); }
  int64_t N() const { return history_.options.lateness; }

  // --- what kind of history ---

  void ChooseOptions() {
    mariadb_ = Is(Theme::kMariaDb) || Is(Theme::kMariaDbFaults);
    gtid_ = mariadb_ || Is(Theme::kGtid) || Is(Theme::kGtidFaults);
    PairOptions& options = history_.options;
    options.check = "c";
    options.source = model::Tag("src");
    options.target = model::Tag("dst");
    options.timeout = absl::Hours(1);
    options.align = random_.Percent(50) ? Align::kAuto : gtid_ ? Align::kGtid : Align::kBarrier;
    options.lateness = 0;
    if (!gtid_ && !Is(Theme::kExact) && random_.Percent(70)) {
      options.lateness = static_cast<uint32_t>(random_.In(1, 3));
    }
    if (Is(Theme::kLateness) && options.lateness == 0) options.lateness = 1;
    const int64_t least = int64_t{options.lateness} * 2 + 3;
    options.history =
        random_.Percent(70) ? static_cast<uint32_t>(random_.In(least, least + 5)) : 100;
    keys_ = random_.In(1, 3);
    letters_ = random_.In(2, 4);
    pushed_source_ = !gtid_ && random_.Percent(20);
    pushed_target_ = !gtid_ && random_.Percent(20);
    keyless_ = !pushed_source_ && !pushed_target_ && random_.Percent(30);
    barriers_ = random_.In(4, 10) + 2 * N() + (random_.Percent(10) ? 15 : 0);
    quiet_ = random_.Percent(80) ? 2 * N() + 2 : 0;
    base_offset_ = static_cast<uint64_t>(random_.In(1, 50));
    if (Is(Theme::kRestart)) ChooseBreaks();
    if (pushed_source_) Note("pushed source");
    if (pushed_target_) Note("pushed target");
  }

  void ChooseBreaks() {
    const int64_t at = random_.In(1, barriers_ - 1);
    switch (random_.Below(4)) {
      case 0:
        epoch_at_ = at;
        epoch_back_ = random_.In(1, 3);
        base_offset_ += 3;
        break;
      case 1:
        restart_source_at_ = at;
        restart_length_ = random_.In(0, 2);
        break;
      case 2:
        restart_target_at_ = at;
        restart_length_ = random_.In(0, 2);
        break;
      default:
        mark_at_ = at;
        mark_on_source_ = random_.Percent(50);
        mark_all_ = random_.Percent(30);
    }
  }

  bool HasBreaks() const {
    return epoch_at_ != kNever || restart_source_at_ != kNever || restart_target_at_ != kNever ||
           mark_at_ != kNever;
  }

  uint64_t OffsetOf(int64_t barrier) const {
    const int64_t back = barrier >= epoch_at_ ? epoch_back_ : 0;
    return base_offset_ + static_cast<uint64_t>(barrier - back);
  }

  // Which barriers each side shows, and where it starts.
  void ChooseBarriers() {
    const bool missing = random_.Percent(40) && epoch_at_ == kNever;
    if (random_.Percent(30)) source_start_ = random_.In(0, 3);
    if (random_.Percent(30)) target_start_ = random_.In(0, 3);
    if (epoch_at_ != kNever) {
      source_start_ = target_start_ = 0;
    }
    for (int64_t i = 0; i <= barriers_; ++i) {
      if (missing && random_.Percent(15)) source_misses_.insert(i);
      if (missing && random_.Percent(15)) target_misses_.insert(i);
      if (!SourceShows(i) || !TargetShows(i)) continue;
      common_.push_back(i);
    }
  }

  static bool InRestart(int64_t i, int64_t at, int64_t length) {
    return i >= at && i < at + length;
  }
  bool SourceShows(int64_t i) const {
    return i >= source_start_ && !source_misses_.contains(i) &&
           !InRestart(i, restart_source_at_, restart_length_);
  }
  bool TargetShows(int64_t i) const {
    return i >= target_start_ && !target_misses_.contains(i) &&
           !InRestart(i, restart_target_at_, restart_length_);
  }

  // The first common barrier at or behind `i`.
  int64_t CommonFrom(int64_t i) const {
    for (const int64_t c : common_) {
      if (c >= i) return c;
    }
    return kNever;
  }

  // Barriers from which on both streams (or a table in them) are known.
  std::vector<int64_t> Starts() const {
    std::vector<int64_t> starts = {CommonFrom(0)};
    for (const int64_t at : {epoch_at_, mark_at_}) {
      if (at != kNever) starts.push_back(CommonFrom(at));
    }
    for (const int64_t at : {restart_source_at_, restart_target_at_}) {
      if (at != kNever) starts.push_back(CommonFrom(at + restart_length_));
    }
    return starts;
  }

  int64_t KnownSince(int64_t segment) const {
    int64_t since = -1;
    for (const int64_t start : Starts()) {
      if (start < segment) since = std::max(since, start);
    }
    return since;
  }

  // --- the source ---

  void MakeSource() {
    for (int64_t i = 0; i < keys_; ++i) {
      const std::string key = absl::StrCat(KeyedTable(), "[", i, "]");
      const Version version = random_.Percent(60) ? Letter(random_.Below(letters())) : Version();
      initial_[key] = version;
      source_state_[key] = version;
      key_names_.push_back(key);
    }
    if (keyless_) key_names_.push_back(absl::StrCat(KeylessTable(), "[0]"));
    for (int64_t i = 0; i <= barriers_; ++i) {
      const int64_t txns = i + quiet_ > barriers_ ? 0 : random_.In(0, 2);
      for (int64_t t = 0; t < txns; ++t) source_.push_back(MakeSourceTxn(i));
      source_.push_back({{}, i, i, 0, {}});
    }
    for (size_t i = 0; i < source_.size(); ++i) source_[i].number = i + 1;
    if (mariadb_) {
      NameByDomain();
    } else {
      for (SourceTxn& txn : source_) txn.gtid = GtidOf(kSourceServer, txn.number);
    }
  }

  // Numbers count per domain, whoever writes; now and then another server does.
  void NameByDomain() {
    const uint64_t domains = 1 + random_.Below(3);
    std::map<uint32_t, Gtid> last;
    for (SourceTxn& txn : source_) {
      const auto domain = static_cast<uint32_t>(txn.barrier >= 0 ? 0 : random_.Below(domains));
      Gtid& gtid = last[domain];
      const uint32_t writer = gtid.empty() ? kSourceServer : gtid.source.server_id;
      const uint32_t other = writer == kSourceServer ? kUpstreamServer : kSourceServer;
      gtid = {model::GtidSource::MariaDb(domain, random_.Percent(10) ? other : writer),
              gtid.number + 1};
      txn.gtid = gtid;
    }
  }

  uint64_t letters() const { return static_cast<uint64_t>(letters_); }

  SourceTxn MakeSourceTxn(int64_t segment) {
    SourceTxn txn{{}, -1, segment, 0, {}};
    const int64_t writes = random_.In(1, 3);
    for (int64_t i = 0; i < writes; ++i) {
      const std::string key = key_names_[random_.Below(key_names_.size())];
      txn.writes.push_back(MakeSourceWrite(key, segment));
    }
    return txn;
  }

  Write MakeSourceWrite(const std::string& key, int64_t segment) {
    Write write{key, {}, false, 0, segment, false};
    if (!initial_.contains(key)) {
      write.relative = true;
      write.delta = random_.Percent(60) ? 1 : -1;
      return write;
    }
    const Version current = source_state_[key];
    do {
      write.after = random_.Percent(25) ? Version::Absent() : Letter(random_.Below(letters()));
    } while (write.after == current);
    source_state_[key] = write.after;
    return write;
  }

  static PlainChange ChangeOf(const Write& write, const Version& before, bool pushed) {
    PlainChange change;
    change.table = TableOf(write.relative);
    change.key = write.key;
    if (write.relative) {
      change.relative = true;
      change.delta = write.delta > 0 ? Digest{0, 1} : -Digest{0, 1};
      change.op = write.delta > 0 ? Op::kInsert : Op::kDelete;
      return change;
    }
    change.after = write.after;
    change.op = before.absent() ? Op::kInsert : write.after.absent() ? Op::kDelete : Op::kUpdate;
    change.before = pushed && change.op != Op::kInsert ? Version::Unknown() : before;
    if (write.after.absent()) change.op = Op::kDelete;
    return change;
  }

  static Mark BarrierMark(uint64_t offset) {
    Mark mark;
    mark.barrier_offset = offset;
    return mark;
  }

  Mark UnverifiedMark() const {
    Mark mark;
    mark.kind = Mark::Kind::kUnverified;
    if (!mark_all_) mark.table = KeyedTable();
    mark.reason = "image";
    return mark;
  }

  model::StreamOrigin Origin(bool source, const std::string& reason) const {
    model::StreamOrigin origin;
    const uint8_t server = source ? kSourceServer : kTargetServer;
    if (mariadb_) {
      origin.server_id = server;
    } else {
      origin.server_uuid = UuidOf(server);
    }
    origin.has_gtids = gtid_;
    origin.reason = reason;
    return origin;
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
  }

  // Changes of the marked table may be missing in the stream in that segment.
  bool HiddenByMark(bool source, int64_t segment) const {
    return segment == mark_at_ && mark_on_source_ == source && mark_all_;
  }

  // --- the applier, alignment by barrier ---

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
    Generator& g;
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

  // --- alignment by GTID ---

  PlainTxn PlainOf(const SourceTxn& txn, std::map<std::string, Version>& state,
                   const std::set<int64_t>& misses) const {
    PlainTxn plain;
    plain.gtid = txn.gtid;
    for (const Write& write : txn.writes) {
      Version& now = state[write.key];
      if (!write.relative && now == write.after) continue;
      plain.entries.push_back(ChangeOf(write, now, false));
      now = write.after;
    }
    if (txn.barrier >= 0 && !misses.contains(txn.barrier)) {
      plain.entries.push_back(BarrierMark(OffsetOf(txn.barrier)));
    }
    return plain;
  }

  void EmitGtidSource() {
    auto state = initial_;
    model::StreamOrigin origin = Origin(true, "");
    std::vector<PlainTxn> seen;
    for (const SourceTxn& txn : source_) {
      const PlainTxn plain = PlainOf(txn, state, source_misses_);
      if (txn.segment < source_start_) {
        AddExecuted(plain.gtid, origin.executed);
      } else {
        seen.push_back(plain);
      }
    }
    history_.source.push_back(origin);
    for (const PlainTxn& txn : seen) history_.source.push_back(txn);
  }

  // MariaDB's states tell the last number only.
  static void AddExecuted(const Gtid& gtid, model::GtidSet& executed) {
    executed.AddInterval(gtid.source, {gtid.source.mariadb() ? 1 : gtid.number, gtid.number});
  }

  static bool Independent(const SourceTxn& a, const SourceTxn& b) {
    if (a.barrier >= 0 && b.barrier >= 0) return false;
    const bool ordered = a.gtid.source.mariadb() && a.gtid.source.domain == b.gtid.source.domain;
    if (ordered) return false;
    for (const Write& x : a.writes) {
      for (const Write& y : b.writes) {
        if (x.key == y.key) return false;
      }
    }
    return true;
  }

  void Shuffle(std::vector<SourceTxn>& txns) {
    const size_t swaps = random_.Below(txns.size() * 6);
    for (size_t n = 0; n < swaps && txns.size() > 1; ++n) {
      const size_t i = random_.Below(txns.size() - 1);
      if (Independent(txns[i], txns[i + 1])) std::swap(txns[i], txns[i + 1]);
    }
  }

  void EmitGtidTarget() {
    std::vector<SourceTxn> txns = source_;
    Shuffle(txns);
    if (Is(Theme::kGtidFaults) || Is(Theme::kMariaDbFaults)) InjectGtidFaults(txns);
    auto state = initial_;
    model::StreamOrigin origin = Origin(false, "");
    std::vector<PlainTxn> seen;
    size_t start = random_.Percent(30) ? random_.Below(txns.size() / 2 + 1) : 0;
    while (!IsPrefix(txns, start)) --start;
    model::GtidSet applied;
    for (size_t i = 0; i < txns.size(); ++i) {
      PlainTxn plain = PlainOf(txns[i], state, target_misses_);
      if (txns[i].segment < 0) plain.gtid = OwnGtid(i);
      if (i < start) {
        if (!plain.gtid.empty()) AddExecuted(plain.gtid, origin.executed);
        continue;
      }
      if (txns[i].segment >= 0) AddExecuted(txns[i].gtid, applied);
      const bool traced = !mariadb_ || !plain.entries.empty();
      if (traced) seen.push_back(plain);
      const bool told = mariadb_ && (i + 1 == txns.size() || random_.Percent(15));
      if (told) seen.push_back(Told(applied));
    }
    target_state_ = state;
    history_.target.push_back(origin);
    for (const PlainTxn& txn : seen) history_.target.push_back(txn);
  }

  static PlainTxn Told(const model::GtidSet& executed) {
    PlainTxn txn;
    Mark mark;
    mark.kind = Mark::Kind::kExecuted;
    mark.executed = executed;
    txn.entries.emplace_back(std::move(mark));
    return txn;
  }

  // True if the first `count` are the source's first, in whatever order.
  static bool IsPrefix(const std::vector<SourceTxn>& txns, size_t count) {
    uint64_t highest = 0;
    uint64_t of_source = 0;
    for (size_t i = 0; i < count; ++i) {
      highest = std::max(highest, txns[i].number);
      of_source += txns[i].segment >= 0 ? 1U : 0U;
    }
    return highest == of_source;
  }

  Gtid OwnGtid(size_t i) {
    const uint64_t kind = random_.Below(3);
    if (mariadb_) {
      const uint8_t server = kind == 1 ? kThirdServer : kTargetServer;
      return {model::GtidSource::MariaDb(static_cast<uint32_t>(random_.Below(2)), server),
              1000 + i};
    }
    if (kind == 0) return {};
    return GtidOf(kind == 1 ? kTargetServer : kThirdServer, i + 1);
  }

  void InjectGtidFaults(std::vector<SourceTxn>& txns) {
    const size_t at = random_.Below(txns.size());
    history_.faulty = true;
    if (random_.Percent(40)) {
      if (!txns[at].writes.empty()) {
        Note("lost a change");
        txns[at].writes.pop_back();
      }
      return;
    }
    const bool extra = random_.Percent(30);
    const std::string key = extra ? absl::StrCat(KeyedTable(), "[9]")
                                  : key_names_[random_.Below(static_cast<uint64_t>(keys_))];
    Note(absl::StrCat("own write of ", key));
    SourceTxn own{{{key, Letter(100), false, 0, -1, true}}, -1, -1, 0, {}};
    if (random_.Percent(30)) own.writes.push_back({key, Version(), false, 0, -1, false});
    txns.insert(txns.begin() + static_cast<std::ptrdiff_t>(at), own);
  }

  // --- the truth ---

  void FindTruth() {
    for (const auto& [key, version] : target_state_) {
      const auto it = source_state_.find(key);
      const Version expected = it == source_state_.end() ? Version() : it->second;
      if (version != expected) history_.wrong_at_end.insert(key);
    }
    for (const ForeignAt& foreign : foreign_) {
      history_.foreign.push_back({foreign.key, OffsetOf(foreign.barrier)});
    }
    if (!gtid_ && !HasBreaks()) FillMoments();
  }

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

  const Theme theme_;
  Random random_;
  History history_;

  bool mariadb_ = false;
  bool gtid_ = false, pushed_source_ = false, pushed_target_ = false, keyless_ = false;
  int64_t keys_ = 1, letters_ = 2, barriers_ = 4, quiet_ = 0;
  uint64_t base_offset_ = 1;
  int64_t source_start_ = 0, target_start_ = 0;
  std::set<int64_t> source_misses_, target_misses_;
  std::vector<int64_t> common_;
  int64_t epoch_at_ = kNever, epoch_back_ = 0;
  int64_t restart_source_at_ = kNever, restart_target_at_ = kNever, restart_length_ = 0;
  int64_t mark_at_ = kNever;
  bool mark_on_source_ = false, mark_all_ = false;

  std::vector<std::string> key_names_;
  std::map<std::string, Version> initial_, source_state_, target_state_;
  std::vector<SourceTxn> source_;
  std::map<int64_t, std::map<std::string, Version>> target_at_;  // by barrier
  std::map<int64_t, std::set<std::string>> target_touched_;      // by segment
  std::vector<ForeignAt> foreign_;
};

}  // namespace

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

History Generate(Theme theme, uint64_t seed) { return Generator(theme, seed).Make(); }

void AppendQuietBarriers(uint64_t from, uint64_t count, Stream* source, Stream* target) {
  const bool mariadb = std::any_of(source->begin(), source->end(), [](const StreamItem& item) {
    const auto* txn = std::get_if<PlainTxn>(&item);
    return txn != nullptr && txn->gtid.source.mariadb();
  });
  for (uint64_t i = 0; i < count; ++i) {
    PlainTxn txn;
    txn.gtid = GtidOf(kSourceServer, 1'000'000 + i);
    if (mariadb) txn.gtid.source = model::GtidSource::MariaDb(0, kSourceServer);
    model::Mark mark;
    mark.barrier_offset = from + i;
    txn.entries.push_back(mark);
    source->push_back(txn);
    target->push_back(txn);
  }
}

std::string Dump(const History& history) {
  const PairOptions& options = history.options;
  return absl::StrCat("seed ", history.seed, "  align ",
                      options.align == Align::kAuto   ? "auto"
                      : options.align == Align::kGtid ? "gtid"
                                                      : "barrier",
                      "  N ", options.lateness, "  history ", options.history, "\n", history.notes,
                      "\nsource\n", Dump(history.source), "target\n", Dump(history.target));
}

}  // namespace dcp::checker::test
