#include "tests/checker/model/slow_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/checker/model/runs.h"

namespace dcp::checker::test {
namespace {

using model::DiffKind;
using model::Digest;
using model::Mark;
using model::Version;

constexpr int64_t kAlways = INT64_MIN / 4;  // entered "since always"
constexpr int64_t kNow = INT64_MAX / 4;     // not left yet

struct Step {  // a change, with the segment it stands in
  int64_t segment;
  Version before;
  Version after;
  // Of the target's: rule H is satisfied for this version, and stays so.
  bool before_held = false;
  bool after_held = false;
};

struct Interval {
  Version version;
  int64_t entered;
  int64_t left;
};

// A state of the target: nothing known, the base, or a version.
struct State {
  enum class Kind : uint8_t { kNone, kBase, kVersion } kind = Kind::kNone;
  Version version;
};

// Everything that happened to a key since it was last forgotten.
struct Key {
  std::string table;
  bool relative = false;
  bool ddl = false;
  std::vector<Step> source;
  std::vector<Step> target;
  std::optional<Version> believed;  // the source's, where it showed no change
  Digest source_sum, target_sum;    // relative keys
  int64_t rules_from = INT64_MIN;   // barriers up to here are not asked about any more
  int64_t last_touch = 0;
  std::set<int64_t> satisfied_w;  // barriers; once satisfied, for good
};

// A segment of the present run that is fed but not said.
struct Fed {
  std::set<std::string> touched;
  std::set<std::string> waiting;
  std::map<std::string, DiffKind> rows;
  std::set<std::string> known;
  std::set<std::string> resolved;  // findings that ended at this segment's end
  std::string reason;
  bool said = false;
};

std::optional<std::string> TableOf(const Mark& mark) {
  if (mark.table.empty()) return std::nullopt;
  return mark.table;
}

class Judge {
 public:
  Judge(const PairOptions& options, std::vector<Run> runs)
      : options_(options), runs_(std::move(runs)) {}

  std::vector<Said> JudgeAll() {
    for (run_index_ = 0; run_index_ < runs_.size(); ++run_index_) {
      if (run_index_ > 0) EndRun(runs_[run_index_ - 1], Now());
      keys_.clear();
      fed_.clear();
      known_from_.clear();
      known_from_all_ = 0;
      for (k_ = 1; k_ <= static_cast<int64_t>(Now().segments.size()); ++k_) TakeStep();
      k_ = static_cast<int64_t>(Now().segments.size());
    }
    return std::move(said_);
  }

 private:
  const Run& Now() const { return runs_[run_index_]; }
  int64_t N() const { return int64_t{Now().lateness}; }
  int64_t History() const { return int64_t{options_.history}; }

  // --- versions in time ---

  static std::vector<Interval> Intervals(const Key& key) {
    std::vector<Interval> intervals;
    if (key.believed.has_value()) {
      // What the source's first change tells of its origin is worth more.
      const bool told = !key.source.empty() && key.source.front().before.known();
      intervals.push_back({told ? key.source.front().before : *key.believed, kAlways, kNow});
    }
    for (const Step& change : key.source) {
      if (intervals.empty()) intervals.push_back({change.before, kAlways, kNow});
      const Version current = intervals.back().version;
      const bool other_before = change.before.known() && change.before != current;
      if (!other_before && current.known() && change.after == current) continue;
      intervals.back().left = change.segment;
      if (other_before) intervals.push_back({change.before, change.segment, change.segment});
      intervals.push_back({change.after, change.segment, kNow});
    }
    return intervals;
  }

  static bool Overlaps(const Interval& interval, int64_t x, int64_t y) {
    return interval.entered <= y && interval.left > x;
  }

  // The source had `version` at some time from barrier x to barrier y.
  static bool Had(const Key& key, const Version& version, int64_t x, int64_t y) {
    if (!version.known()) return false;
    for (const Interval& interval : Intervals(key)) {
      if (interval.version == version && Overlaps(interval, x, y)) return true;
    }
    return false;
  }

  static bool Had(const Key& key, const State& state, int64_t x, int64_t y) {
    if (state.kind == State::Kind::kNone) return false;
    if (state.kind == State::Kind::kVersion) return Had(key, state.version, x, y);
    const Interval base = Intervals(key).front();
    return Overlaps(base, x, y) || Had(key, base.version, x, y);
  }

  // The source's unknown base was its state at some time from x to y.
  static bool HadUnknown(const Key& key, int64_t x, int64_t y) {
    if (key.source.empty()) return false;
    for (const Interval& interval : Intervals(key)) {
      if (!interval.version.known() && Overlaps(interval, x, y)) return true;
    }
    return false;
  }

  // t(j)
  State TargetAt(const std::string& name, const Key& key, int64_t j) const {
    State state;
    for (const Step& change : key.target) {
      if (change.segment <= j) state = {State::Kind::kVersion, change.after};
    }
    if (state.kind == State::Kind::kVersion) return state;
    const bool has_base = !stateless_.contains(name) && !Intervals(key).empty();
    return has_base ? State{State::Kind::kBase, {}} : State{};
  }

  // Barriers since the table is known.
  int64_t Since(const Key& key, int64_t j) const {
    int64_t from = known_from_all_;
    const auto it = known_from_.find(key.table);
    if (it != known_from_.end()) from = std::max(from, it->second);
    return j - from;
  }

  // Rule W at barrier j holds, or is not asked.
  bool W(const std::string& name, const Key& key, int64_t j) const {
    if (j <= key.rules_from || Since(key, j) < N() || key.satisfied_w.contains(j)) return true;
    return Had(key, TargetAt(name, key, j), j - N(), j + N()) || HadUnknown(key, j - N(), j + N());
  }

  // Rule H holds for the target's changes in segment j, or is not asked.
  bool H(const Key& key, int64_t j) const {
    if (j <= key.rules_from || Since(key, j) <= N() || key.relative) return true;
    if (Now().segments[static_cast<size_t>(j - 1)].beyond_history) return true;
    return std::all_of(key.target.begin(), key.target.end(), [&](const Step& change) {
      return change.segment != j || (BeforeHeld(key, change) && AfterHeld(key, change));
    });
  }

  bool AfterHeld(const Key& key, const Step& change) const {
    const int64_t j = change.segment;
    return change.after_held || Had(key, change.after, j - History(), j + N());
  }

  bool BeforeHeld(const Key& key, const Step& change) const {
    const int64_t j = change.segment;
    return change.before_held || !change.before.known() ||
           Had(key, change.before, j - History(), j + N()) ||
           HadUnknown(key, j - History(), j + N());
  }

  static int64_t FirstTouch(const Key& key) {
    int64_t first = kNow;
    for (const Step& change : key.source) first = std::min(first, change.segment);
    for (const Step& change : key.target) first = std::min(first, change.segment);
    return first;
  }

  bool RulesHoldUpTo(const std::string& name, const Key& key, int64_t barrier) const {
    for (int64_t j = FirstTouch(key); j <= barrier; ++j) {
      if (!W(name, key, j) || !H(key, j)) return false;
    }
    return true;
  }

  // --- one step ---

  Fed& FedAt(int64_t segment) { return fed_[static_cast<size_t>(segment - 1)]; }

  void TakeStep() {
    const SegmentPair& pair = Now().segments[static_cast<size_t>(k_ - 1)];
    fed_.emplace_back();
    const std::set<std::string> dropped = TakeMarks(pair);
    if (pair.beyond_history && FedAt(k_).reason.empty()) FedAt(k_).reason = "history";
    TakeChanges(pair.source, /*is_source=*/true, dropped);
    TakeChanges(pair.target, /*is_source=*/false, dropped);
    CountKnown();
    for (auto& [name, key] : keys_) Believe(name, key);
    for (auto& [name, key] : keys_) Satisfy(name, key);
    for (Fed& fed : fed_) DropSeen(fed);
    for (auto& [name, key] : keys_) Break(name, key);
    EndFindings();
    Say();
    Forget();
  }

  static constexpr char kAllTables[] = "";

  // Marks that make a table unknown in this segment; the tables concerned.
  std::set<std::string> TakeMarks(const SegmentPair& pair) {
    std::set<std::string> dropped;
    for (const auto* entries : {&pair.source, &pair.target}) {
      for (const Entry& entry : *entries) {
        const auto* mark = std::get_if<Mark>(&entry);
        if (mark == nullptr) continue;
        const bool unknown_rows =
            mark->kind == Mark::Kind::kDdl && mark->effect == Mark::DdlEffect::kRowsUnknown;
        if (mark->kind == Mark::Kind::kUnverified) {
          if (FedAt(k_).reason.empty()) FedAt(k_).reason = mark->reason;
          ForgetTable(TableOf(*mark), mark->reason);
          dropped.insert(mark->table);
        } else if (unknown_rows && !options_.ignore_ddl) {
          ForgetTable(mark->table, "ddl");
          dropped.insert(mark->table);
        }
      }
    }
    return dropped;
  }

  void ForgetTable(const std::optional<std::string>& table, const std::string& reason) {
    if (table.has_value()) {
      known_from_[*table] = k_;
    } else {
      known_from_all_ = k_;
    }
    for (auto it = keys_.begin(); it != keys_.end();) {
      const bool concerned = !table.has_value() || it->second.table == *table;
      if (!concerned || it->second.ddl) {
        ++it;
        continue;
      }
      for (Fed& fed : fed_) {
        if (fed.waiting.erase(it->first) > 0 && fed.reason.empty()) fed.reason = reason;
      }
      if (findings_.contains(it->first)) stateless_.insert(it->first);
      it = keys_.erase(it);
    }
  }

  void TakeChanges(const std::vector<Entry>& entries, bool is_source,
                   const std::set<std::string>& dropped) {
    for (const Entry& entry : entries) {
      if (const auto* mark = std::get_if<Mark>(&entry)) {
        TakeDdl(*mark, is_source);
        continue;
      }
      const PlainChange& change = std::get<PlainChange>(entry);
      if (dropped.contains(kAllTables) || dropped.contains(change.table)) continue;
      TakeChange(change, is_source);
    }
  }

  void TakeChange(const PlainChange& change, bool is_source) {
    Key& key = keys_[change.key];
    key.table = change.table;
    key.relative = change.relative;
    Touch(change.key, key);
    if (!change.relative) {
      (is_source ? key.source : key.target)
          .push_back({k_, change.before, change.after, false, false});
    } else {
      AddRelative(key, is_source, change.delta);
    }
  }

  void AddRelative(Key& key, bool is_source, const Digest& delta) {
    Digest& sum = is_source ? key.source_sum : key.target_sum;
    const Version before = Version::Content(sum);
    sum += delta;
    (is_source ? key.source : key.target)
        .push_back({k_, before, Version::Content(sum), false, false});
  }

  void TakeDdl(const Mark& mark, bool is_source) {
    if (mark.kind != Mark::Kind::kDdl || options_.ignore_ddl) return;
    const std::string name = absl::StrCat(mark.table, "[ddl]");
    Key& ddl = keys_[name];
    ddl.table = mark.table;
    ddl.relative = true;
    ddl.ddl = true;
    Touch(name, ddl);
    AddRelative(ddl, is_source, mark.ddl);
    if (mark.effect != Mark::DdlEffect::kRowsGone) return;
    for (auto& [row, key] : keys_) {
      if (key.table != mark.table || key.ddl) continue;
      Touch(row, key);
      (is_source ? key.source : key.target)
          .push_back({k_, Version::Unknown(), Version::Absent(), false, false});
    }
  }

  void Touch(const std::string& name, Key& key) {
    key.last_touch = k_;
    FedAt(k_).touched.insert(name);
    FedAt(k_).waiting.insert(name);
  }

  // Touching a key whose finding is open: known.
  void CountKnown() {
    for (const std::string& name : FedAt(k_).touched) {
      if (!findings_.contains(name)) continue;
      FedAt(k_).waiting.erase(name);
      FedAt(k_).known.insert(name);
    }
  }

  // What the source is taken to have had where it showed no change of a key, once
  // barrier j is to be decided.
  void Believe(const std::string& name, Key& key) {
    const int64_t j = k_ - N();
    if (!key.source.empty() || stateless_.contains(name) || key.believed.has_value()) return;
    if (key.target.empty() || key.target.front().segment > j || Since(key, j) < N()) return;
    const bool beyond = j > 0 && Now().segments[static_cast<size_t>(j - 1)].beyond_history;
    const bool early = Since(key, key.target.front().segment) <= N();
    key.believed = early || beyond ? TargetAt(name, key, j).version : key.target.front().before;
    if (key.relative) key.source_sum = key.believed->digest;
  }

  void Satisfy(const std::string& name, Key& key) {
    for (int64_t j = FirstTouch(key); j <= k_; ++j) {
      if (W(name, key, j)) key.satisfied_w.insert(j);
    }
    for (Step& change : key.target) {
      change.before_held = BeforeHeld(key, change);
      change.after_held = AfterHeld(key, change);
    }
  }

  void DropSeen(Fed& fed) {
    const int64_t m = &fed - fed_.data() + 1;
    for (auto it = fed.waiting.begin(); it != fed.waiting.end();) {
      it = Seen(*it, keys_.at(*it), m) ? fed.waiting.erase(it) : std::next(it);
    }
  }

  bool Seen(const std::string& name, const Key& key, int64_t m) const {
    for (int64_t k = m; k <= k_; ++k) {
      if (Had(key, TargetAt(name, key, k), m, k_) && RulesHoldUpTo(name, key, k)) return true;
    }
    return false;
  }

  void Break(const std::string& name, Key& key) {
    const int64_t j = k_ - N();
    if (j < FirstTouch(key) || findings_.contains(name)) return;
    const bool w = W(name, key, j);
    const bool h = H(key, j);
    if (w && h) return;
    const int64_t row = LastTouchUpTo(key, j);
    FedAt(row).rows[name] = KindOf(name, key, w, h);
    FedAt(row).waiting.erase(name);
    for (Fed& fed : fed_) {
      if (fed.waiting.erase(name) > 0) fed.known.insert(name);
    }
    findings_.insert(name);
  }

  static int64_t LastTouchUpTo(const Key& key, int64_t j) {
    int64_t last = 0;
    for (const auto* changes : {&key.source, &key.target}) {
      for (const Step& change : *changes) {
        if (change.segment <= j) last = std::max(last, change.segment);
      }
    }
    return last;
  }

  DiffKind KindOf(const std::string& name, const Key& key, bool w, bool h) const {
    if (key.ddl) return DiffKind::kDdl;
    const int64_t j = k_ - N();
    if (!h && Had(key, TargetAt(name, key, k_), k_ - N(), k_)) return DiffKind::kHealed;
    const int64_t at = w ? k_ : j;
    if (key.source.empty()) return DiffKind::kExtra;
    const State state = TargetAt(name, key, at);
    if (state.kind == State::Kind::kBase) return DiffKind::kMissing;
    return Had(key, state, k_ - History(), k_) ? DiffKind::kStale : DiffKind::kMismatch;
  }

  // The target's state is the source's current one, and known.
  bool IsRight(const std::string& name, const Key& key) const {
    const std::vector<Interval> intervals = Intervals(key);
    if (intervals.empty() || !intervals.back().version.known()) return false;
    const State state = TargetAt(name, key, k_);
    if (state.kind == State::Kind::kNone) return false;
    const Version version =
        state.kind == State::Kind::kBase ? intervals.front().version : state.version;
    return version == intervals.back().version;
  }

  void EndFindings() {
    for (auto it = findings_.begin(); it != findings_.end();) {
      const auto key = keys_.find(*it);
      if (key == keys_.end() || !IsRight(*it, key->second)) {
        ++it;
        continue;
      }
      key->second.rules_from = k_;
      stateless_.erase(*it);
      FedAt(k_).resolved.insert(*it);
      it = findings_.erase(it);
    }
  }

  bool IsSettled(const std::string& name, const Key& key) const {
    if (findings_.contains(name) || !RulesHoldUpTo(name, key, k_)) return false;
    const std::vector<Interval> intervals = Intervals(key);
    const bool untouched_base =
        intervals.size() == 1 && TargetAt(name, key, k_).kind == State::Kind::kBase;
    return untouched_base || IsRight(name, key);
  }

  void Forget() {
    for (auto it = keys_.begin(); it != keys_.end();) {
      const bool old = k_ - it->second.last_touch >= History();
      it = old && IsSettled(it->first, it->second) ? keys_.erase(it) : std::next(it);
    }
  }

  // --- saying ---

  void Say() {
    for (size_t i = 0; i < fed_.size(); ++i) {
      if (fed_[i].said) continue;
      if (!fed_[i].waiting.empty()) break;
      SayVerdict(Now(), i);
    }
  }

  void SayVerdict(const Run& run, size_t index) {
    Fed& fed = fed_[index];
    Said said;
    said.epoch = run.epoch;
    said.from = run.segments[index].from;
    said.to = run.segments[index].to;
    said.reason = fed.reason;
    said.rows = fed.rows;
    said.known = fed.known.size();
    said.kind = !fed.rows.empty() || !fed.known.empty() ? Said::Kind::kDiff
                : !fed.reason.empty()                   ? Said::Kind::kUnverified
                                                        : Said::Kind::kSame;
    said_.push_back(said);
    fed.said = true;
    if (!fed.resolved.empty()) SayResolved(fed);
  }

  void SayResolved(const Fed& fed) {
    Said said;
    said.kind = Said::Kind::kResolved;
    said.resolved = fed.resolved;
    said_.push_back(said);
  }

  void EndRun(const Run& old, const Run& next) {
    for (size_t i = 0; i < fed_.size(); ++i) {
      if (fed_[i].said) continue;
      if (!fed_[i].waiting.empty() && fed_[i].reason.empty()) fed_[i].reason = next.reason;
      SayVerdict(old, i);
    }
    Said gap;
    gap.kind = Said::Kind::kUnverified;
    gap.epoch = next.epoch;
    gap.from = old.last();
    gap.to = next.first;
    gap.reason = next.reason;
    said_.push_back(gap);
    stateless_ = findings_;
  }

  const PairOptions options_;
  const std::vector<Run> runs_;
  size_t run_index_ = 0;
  int64_t k_ = 0;  // the step

  std::map<std::string, Key> keys_;
  std::vector<Fed> fed_;
  std::map<std::string, int64_t> known_from_;
  int64_t known_from_all_ = 0;
  std::set<std::string> findings_;   // keys with an open one
  std::set<std::string> stateless_;  // of these, without a remembered state
  std::vector<Said> said_;
};

}  // namespace

std::string ToString(const Said& said) {
  if (said.kind == Said::Kind::kResolved) {
    return absl::StrCat("resolved ", absl::StrJoin(said.resolved, " "));
  }
  std::string text = absl::StrCat("e", said.epoch, " ", said.from, "-", said.to, " ",
                                  said.kind == Said::Kind::kSame   ? "same"
                                  : said.kind == Said::Kind::kDiff ? "diff"
                                                                   : "unverified");
  for (const auto& [key, kind] : said.rows) {
    absl::StrAppend(&text, " ", model::ToString(kind), ":", key);
  }
  if (said.known > 0) absl::StrAppend(&text, " known=", said.known);
  if (!said.reason.empty()) absl::StrAppend(&text, " (", said.reason, ")");
  return text;
}

std::string ToString(const std::vector<Said>& said) {
  std::string text;
  for (const Said& one : said) absl::StrAppend(&text, "  ", ToString(one), "\n");
  return text;
}

std::vector<Said> SlowModel(const PairOptions& options, const Stream& source,
                            const Stream& target) {
  return Judge(options, CutRuns(options, source, target)).JudgeAll();
}

}  // namespace dcp::checker::test
