#include "checker/converge_judge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checker/erase_if.h"
#include "checker/evidence.h"
#include "checker/turns.h"

namespace dcp::checker {
namespace {

using model::DiffKind;
using model::Version;

// Rows that wait to be read: beyond it differences are said as inferred.
constexpr size_t kMaxConfirming = 10'000;

// Worth judging in turns, and decided key by key: a statement on a table is not.
bool IsLarge(const SegmentPair& pair, size_t keys_per_turn) {
  const auto is_mark = [](const Item& item) { return item.is_mark; };
  if (pair.source.items.size() + pair.target.items.size() <= 2 * keys_per_turn) return false;
  return std::none_of(pair.source.items.begin(), pair.source.items.end(), is_mark) &&
         std::none_of(pair.target.items.begin(), pair.target.items.end(), is_mark);
}

}  // namespace

ConvergeJudge::ConvergeJudge(const PairOptions& options)
    : options_(options), log_(options, findings_) {}

void ConvergeJudge::StartRun(uint64_t epoch, uint64_t offset, bool exact) {
  exact_ = exact;
  lateness_ = exact ? 0 : static_cast<Index>(options_.lateness);
  now_ = 0;
  now_offset_ = offset;
  log_.StartRun(epoch, offset);
  // What was before the run is before its first barrier.
  const uint64_t touched_to = std::max(offset, restored_at_);
  for (auto& [digest, key] : keys_) key.touched_to = touched_to;
  ChangeSleeping([&](Key& key) { return std::exchange(key.touched_to, touched_to) != touched_to; });
  if (offset >= restored_at_) EndRestoring();
}

void ConvergeJudge::Feed(const SegmentPair& pair, absl::Time now) {
  now_ = log_.Add(pair);
  now_offset_ = pair.to;
  touched_.emplace_back();
  lost_.clear();
  TakeUnverifiedMarks(pair.source);
  TakeUnverifiedMarks(pair.target);
  for (const std::string& table : std::exchange(unsettled_, {})) {
    log_.Unverify(now_, "restart", "what of a row's changes was under way is not known any more",
                  table);
  }
  if (pair.replayed_beyond_history) {
    replayed_.insert(now_);
    log_.Unverify(now_, "history",
                  "the target's applier replayed from before the segments that are remembered", "");
  }
  // Before anything is decided: what would be decided by this segment is not known.
  for (const Lost& lost : lost_) ForgetTable(lost.table, lost.reason, lost.detail);
  IsLarge(pair, options_.keys_per_turn) ? JudgeInTurns(pair) : Judge(pair);
  if (restoring_ && now_offset_ >= restored_at_) EndRestoring();
  ResolveVerified();
  ForgetOld();
  log_.Flush(now);
}

void ConvergeJudge::EvaluatePending(bool rest) {
  std::vector<Key*> pending = std::exchange(pending_, {});
  for (Key* key : pending) {
    key->queued = false;
    Evaluate(*key);
  }
  for (Key* key : pending) {
    if (key->state == State::kDiffering) {
      KeepTraces(*key);
      NoteFinding(*key, now_);
    }
    const bool held = key->state == State::kDiffering && now_offset_ < key->not_before;
    if (key->state != State::kPending && key->state != State::kLate && !held) {
      if (MaySleep(*key) && (rest || key->state == State::kDiffering)) Sleep(*key);
      continue;
    }
    key->source.Hold();
    key->target.Hold();
    if (key->queued) continue;
    key->queued = true;
    pending_.push_back(key);
  }
}

void ConvergeJudge::EndRun(const std::string& reason, const std::string& detail, absl::Time now) {
  log_.EndRun(reason, detail, now);
  for (auto it = keys_.begin(); it != keys_.end();) {
    Key& key = it->second;
    key.waiting.clear();
    if (key.state == State::kDiffering && !IsOverlooked(key)) {
      Lose(key);
      NoteFinding(key, now_);
      ++it;
    } else {
      keys_.erase(it++);
    }
  }
  EraseSettledSleeping([](const Key&) { return true; });
  ChangeSleeping([&](Key& key) {
    Lose(key);
    NoteFinding(key, now_);
    return true;
  });
  restored_.clear();
  overlooked_.clear();
  unsettled_.clear();
  restored_at_ = 0;
  restoring_ = false;
  starts_early_ = true;
  pending_.clear();
  touched_.clear();
  touched_count_ = 0;
  forgotten_to_ = 0;
  confirming_.clear();
  requests_.clear();
  known_from_.clear();
  replayed_.clear();
  verified_.clear();
}

// --- applying ---

void ConvergeJudge::TakeUnverifiedMarks(const SegmentSide& side) {
  for (const Item& item : side.items) {
    if (!item.is_mark || item.mark().kind != model::Mark::Kind::kUnverified) continue;
    const model::Mark& mark = item.mark();
    lost_.push_back({mark.table, mark.reason, mark.detail});
    log_.Unverify(now_, mark.reason, mark.detail, mark.table);
  }
}

bool ConvergeJudge::Dropped(const Item& item) const {
  return std::any_of(lost_.begin(), lost_.end(), [&](const Lost& lost) {
    return lost.table.empty() || lost.table == TableOf(item);
  });
}

void ConvergeJudge::Judge(const SegmentPair& pair) {
  ApplySide(pair.source, true, true);
  ApplySide(pair.target, false, !pair.replayed_beyond_history);
  EvaluatePending(/*rest=*/false);
}

// In the order in which the keys come, as Judge() does: which rows an alarm shows is the same.
void ConvergeJudge::JudgeInTurns(const SegmentPair& pair) {
  Turns turns(options_.keys_per_turn);
  for (const Key* key : pending_) turns.AddFirst(key->digest);
  turns.AddSource(pair.source);
  turns.AddTarget(pair.target);
  std::vector<Key*> undecided;  // whose turn is over
  for (const Turns::Turn& turn : turns.Take()) {
    for (const uint32_t i : turn.source) Apply(pair.source.items[i], true, true);
    for (const uint32_t i : turn.target) {
      Apply(pair.target.items[i], false, !pair.replayed_beyond_history);
    }
    EvaluatePending(/*rest=*/true);
    undecided.insert(undecided.end(), pending_.begin(), pending_.end());
    pending_.clear();
  }
  pending_ = std::move(undecided);
}

void ConvergeJudge::ApplySide(const SegmentSide& side, bool is_source, bool judge_passages) {
  for (const Item& item : side.items) Apply(item, is_source, judge_passages);
}

void ConvergeJudge::Apply(const Item& item, bool is_source, bool judge_passages) {
  if (!lost_.empty() && Dropped(item)) return;
  if (item.is_mark) {
    if (item.mark().kind == model::Mark::Kind::kDdl) ApplyDdl(item, is_source);
  } else if (is_source) {
    ApplySource(item);
  } else {
    ApplyTarget(item, judge_passages);
  }
}

ConvergeJudge::Key& ConvergeJudge::Touch(const model::Digest& digest, const Item& item) {
  Wake(digest);
  const auto [it, is_new] = keys_.try_emplace(digest);
  Key& key = it->second;
  if (is_new) key.forgotten = forgotten_to_;
  key.digest = digest;
  key.touched_to = std::max(key.touched_to, now_offset_);
  if (!item.is_mark && item.change().table != nullptr) key.table = item.change().table;
  if (key.touched != now_) {
    key.touched = now_;
    touched_.back().push_back(digest);
    ++touched_count_;
    if (key.state == State::kDiffering) {
      log_.AddKnown(now_, digest);
    } else {
      key.waiting.push_back(now_);
      log_.KeyWaits(now_);
    }
  }
  if (key.state == State::kSettled) key.state = State::kPending;
  if (key.state != State::kConfirming) Queue(key);
  return key;
}

// A key that waits for its rows outlives the segment; all others are looked after
// at its end.
void ConvergeJudge::Note(Key& key, const Item& item, LastChange* last) {
  last->Set(item);
  if (key.state == State::kConfirming) last->Hold();
}

void ConvergeJudge::ApplySource(const Item& item) {
  const model::Change& change = item.change();
  Key& key = Touch(change.key, item);
  Note(key, item, &key.source);
  key.history.TouchSource(now_);
  if (change.relative) {
    const KeyHistory::Step step = key.history.AddToSource(change.delta);
    key.history.ApplySource(step.before, step.after, now_);
  } else {
    key.history.ApplySource(change.before, change.after, now_);
  }
}

void ConvergeJudge::ApplyTarget(const Item& item, bool judge_passages) {
  const model::Change& change = item.change();
  Key& key = Touch(change.key, item);
  Note(key, item, &key.target);
  Version before = change.before, after = change.after;
  if (change.relative) {
    const KeyHistory::Step step = key.history.AddToTarget(change.delta);
    before = step.before;
    after = step.after;
    judge_passages = false;
  }
  if (key.history.first_target_touch() == kNone) key.first_target_before = before;
  key.history.TouchTarget(now_);
  key.history.ApplyTarget(after, now_);
  if (!judge_passages) return;
  if (before.known()) AddPassage(key, before, true);
  AddPassage(key, after, false);
}

void ConvergeJudge::AddPassage(Key& key, const Version& version, bool is_before) {
  if (key.state == State::kDiffering || now_ - KnownFrom(key) <= lateness_) return;
  key.open_passages.push_back({now_, version, is_before});
}

void ConvergeJudge::ApplyDdl(const Item& item, bool is_source) {
  const model::Mark& mark = item.mark();
  if (mark.effect == model::Mark::DdlEffect::kRowsGone) RowsGone(mark.table, is_source);
  if (mark.effect == model::Mark::DdlEffect::kRowsUnknown) RowsUnknown(mark.table);
  if (options_.ignore_ddl) return;
  Key& key = Touch(model::Xxh3(DdlKeyText(mark.table)), item);
  key.is_ddl = true;
  key.text = DdlKeyText(mark.table);
  if (is_source) {
    Note(key, item, &key.source);
    key.history.TouchSource(now_);
    const KeyHistory::Step step = key.history.AddToSource(mark.ddl);
    key.history.ApplySource(step.before, step.after, now_);
  } else {
    Note(key, item, &key.target);
    const KeyHistory::Step step = key.history.AddToTarget(mark.ddl);
    if (key.history.first_target_touch() == kNone) key.first_target_before = step.before;
    key.history.TouchTarget(now_);
    key.history.ApplyTarget(step.after, now_);
  }
}

// Open keys become absent on this side; settled ones are forgotten.
void ConvergeJudge::RowsGone(const std::string& table, bool is_source) {
  WakeTable(table);
  for (auto it = keys_.begin(); it != keys_.end();) {
    Key& key = it->second;
    if (key.is_ddl || !Concerns(key, table)) {
      ++it;
      continue;
    }
    if (key.state == State::kSettled) {
      keys_.erase(it++);
      continue;
    }
    key.touched_to = std::max(key.touched_to, now_offset_);
    if (is_source) {
      key.history.SourceGone(now_, Counts(key));
    } else {
      key.history.TargetGone(now_, Counts(key));
    }
    if (key.state != State::kConfirming) Queue(key);
    ++it;
  }
}

void ConvergeJudge::RowsUnknown(const std::string& table) {
  const auto wanted = [&](const Key& key) {
    return key.state == State::kSettled && !key.is_ddl && Concerns(key, table);
  };
  absl::erase_if(keys_, [&](const auto& entry) { return wanted(entry.second); });
  EraseSettledSleeping(wanted);
}

// --- deciding ---

void ConvergeJudge::Evaluate(Key& key) {
  switch (key.state) {
    case State::kSettled:
    case State::kConfirming:
      return;
    case State::kDiffering:
      if (IsOverlooked(key)) {
        if (key.history.Agrees(now_)) Settle(key);
        return;
      }
      if (restoring_ || now_offset_ < key.not_before) return;  // it was not ended there
      if (key.history.Agrees(now_)) return Resolve(key);
      key.history.FoldDiffering(now_, now_ - static_cast<Index>(options_.history));
      return;
    case State::kLate:
      EvaluateLate(key);
      if (key.state != State::kPending) return;
      break;
    case State::kPending:
      break;
  }
  if (now_ - KnownFrom(key) >= lateness_) key.open_states.push_back(now_);
  Satisfy(key);
  Broken broken;
  if (!key.history.source_known() && FindBroken(key, &broken)) {
    AssumeSource(key, broken.barrier);
    Satisfy(key);
  }
  MarkSeen(key);
  bool is_broken = FindBroken(key, &broken);
  while (is_broken && WasSaid(key, broken)) {
    Overlook(key, broken.barrier);
    if (key.state != State::kPending) return;
    is_broken = FindBroken(key, &broken);
  }
  while (is_broken && IsUndecidable(key, broken)) {
    LeaveUndecided(key, broken.barrier);
    is_broken = FindBroken(key, &broken);
  }
  if (is_broken) {
    Break(key, broken);
  } else if (key.open_states.empty() && key.open_passages.empty() && key.history.Agrees(now_)) {
    Settle(key);
  }
}

// The target went through a state that the source may have had before what is remembered.
void ConvergeJudge::LeaveUndecided(Key& key, Index barrier) {
  SayForgotten(key, key.waiting.empty() ? now_ : SaidIn(key, barrier));
  EraseIf(key.open_passages, [&](const Passage& p) { return p.barrier <= barrier; });
  MarkSeen(key);
}

void ConvergeJudge::Satisfy(Key& key) {
  const auto& h = key.history;
  const auto state_held = [&](Index j) {
    const Index from = j - lateness_, to = j + lateness_;
    return h.HadTargetState(j, from, to) || h.HadUnknownBase(from, to);
  };
  EraseIf(key.open_states, state_held);
  const Index history = static_cast<Index>(options_.history);
  const auto passage_held = [&](const Passage& p) {
    const Index from = p.barrier - history, to = p.barrier + lateness_;
    return p.is_before ? h.HadOrUnknownBase(p.version, from, to) : h.Had(p.version, from, to);
  };
  EraseIf(key.open_passages, passage_held);
}

// A segment has seen the key when the target, at some segment's end, was in a
// state that the source had at or after that segment's end, all rules holding till then.
void ConvergeJudge::MarkSeen(Key& key) {
  Index decided = now_;
  for (const Index j : key.open_states) decided = std::min(decided, j - 1);
  for (const Passage& p : key.open_passages) decided = std::min(decided, p.barrier - 1);
  const auto seen = [&](Index m) {
    for (Index k = m; k <= decided; ++k) {
      if (key.history.HadTargetState(k, m, now_)) {
        log_.KeySeen(m);
        return true;
      }
    }
    return false;
  };
  EraseIf(key.waiting, seen);
}

bool ConvergeJudge::FindBroken(const Key& key, Broken* broken) const {
  Index lowest = kNever;
  for (const Index j : key.open_states) lowest = std::min(lowest, j);
  for (const Passage& p : key.open_passages) lowest = std::min(lowest, p.barrier);
  if (lowest == kNever || lowest + lateness_ > now_) return false;
  broken->barrier = lowest;
  broken->state =
      std::find(key.open_states.begin(), key.open_states.end(), lowest) != key.open_states.end();
  broken->passage = std::any_of(key.open_passages.begin(), key.open_passages.end(),
                                [&](const Passage& p) { return p.barrier == lowest; });
  return true;
}

// The source never touched the key. Early target changes are believed (the source
// may have come from there); later ones are held against the version they came from.
bool ConvergeJudge::IsEarly(const Key& key) const {
  const Index from = KnownFrom(key);
  return (starts_early_ || from > 0) && key.history.first_target_touch() - from <= lateness_;
}

void ConvergeJudge::AssumeSource(Key& key, Index barrier) {
  const bool early = IsEarly(key) || replayed_.contains(barrier);
  // Which state the source has it in was known, and nothing tells it any more.
  const bool lost = !early && !key.first_target_before.known() && IsNearForgotten(key, barrier);
  if (lost) {
    if (key.waiting.empty()) SayForgotten(key, now_);
    for (const Index segment : key.waiting) SayForgotten(key, segment);
  }
  key.history.AssumeSource(early || lost ? key.history.TargetState(barrier)
                                         : key.first_target_before);
}

void ConvergeJudge::SayForgotten(const Key& key, Index segment) {
  log_.Unverify(segment, "history",
                "the target went through a state of a row that is not remembered for want of "
                "memory",
                key.table != nullptr ? key.table->name : "");
}

DiffKind ConvergeJudge::KindOf(const Key& key, const Broken& broken) const {
  const KeyHistory& h = key.history;
  if (key.is_ddl) return DiffKind::kDdl;
  if (broken.passage && h.HadTargetState(now_, now_ - lateness_, now_)) return DiffKind::kHealed;
  const Index j = broken.state ? broken.barrier : now_;
  if (h.last_source_touch() == kNone) return DiffKind::kExtra;
  if (h.first_target_touch() == kNone || h.first_target_touch() > j) return DiffKind::kMissing;
  const bool was_source_state =
      h.HadTargetState(j, now_ - static_cast<Index>(options_.history), now_);
  return was_source_state ? DiffKind::kStale : DiffKind::kMismatch;
}

void ConvergeJudge::Break(Key& key, const Broken& broken) {
  if (key.waiting.empty()) {  // it must be said somewhere
    key.waiting.push_back(now_);
    log_.KeyWaits(now_);
  }
  model::RowDiff row = MakeRow(key, KindOf(key, broken));
  const bool readable = options_.confirm && confirming_.size() < kMaxConfirming && !key.is_ddl &&
                        key.table != nullptr && !key.table->keyless && !row.key_text.empty();
  if (!readable) return OpenFinding(key, std::move(row), broken.barrier);
  key.state = State::kConfirming;
  key.request = next_request_++;
  key.broken_at = broken.barrier;
  key.asked_at = now_;
  key.source.Hold();
  key.target.Hold();
  confirming_[key.request] = row.key;
  requests_.push_back({key.request, {key.table, row.key_text}});
  key.row = std::make_unique<model::RowDiff>(std::move(row));
}

// The segment whose verdict says it. REQUIRES: key.waiting is not empty
Index ConvergeJudge::SaidIn(const Key& key, Index broken_at) {
  Index said_in = key.waiting.front();
  for (const Index m : key.waiting) {
    if (m <= broken_at) said_in = std::max(said_in, m);
  }
  return said_in;
}

void ConvergeJudge::Queue(Key& key) {
  if (key.queued) return;
  key.queued = true;
  pending_.push_back(&key);
}

// What is to be stored of it with the verdict of segment `i`.
void ConvergeJudge::NoteFinding(const Key& key, Index i) {
  if (IsOverlooked(key)) return;
  model::OpenFinding finding;
  finding.key = key.digest;
  finding.alarm_id = key.alarm_id;
  finding.kind = key.kind;
  if (key.table != nullptr) {
    finding.table = key.table->name;
    finding.keyless = key.table->keyless;
  }
  finding.key_text = key.text;
  finding.not_before = key.not_before;
  finding.source = key.history.SourceAt(i);
  finding.target = key.history.TargetAt(i);
  log_.AddFinding(i, std::move(finding));
}

void ConvergeJudge::OpenFinding(Key& key, model::RowDiff row, Index broken_at) {
  const Index said_in = SaidIn(key, broken_at);
  for (const Index m : key.waiting) {
    log_.KeySeen(m);
    if (m != said_in) log_.AddKnown(m, key.digest);
  }
  key.waiting.clear();
  key.open_states.clear();
  std::vector<Passage>().swap(key.open_passages);  // it may stay open for long
  key.state = State::kDiffering;
  key.text = row.key_text;
  key.kind = row.kind;
  key.not_before = now_offset_;
  key.touched_to = now_offset_;
  key.alarm_id = log_.DiffAlarmId(said_in);
  findings_.Open(key.alarm_id);
  log_.AddDiff(said_in, std::move(row));
  NoteFinding(key, said_in);
  for (Index i = said_in + 1; i <= now_; ++i) {
    if (key.history.ChangedAt(i)) NoteFinding(key, i);
  }
  KeepTraces(key);
  if (key.history.Agrees(now_)) Resolve(key);
}

void ConvergeJudge::Resolve(Key& key) {
  SayResolved(key, "");
  Settle(key);
}

void ConvergeJudge::SayResolved(const Key& key, const std::string& job) {
  const bool last = findings_.Close(key.alarm_id);
  log_.AddResolved(now_, last ? key.alarm_id : "", key.digest, key.text, job);
  log_.CloseFinding(now_, key.digest);
}

void ConvergeJudge::Settle(Key& key) {
  key.state = State::kSettled;
  key.history.Fold(now_, now_ - static_cast<Index>(options_.history));
  KeepTraces(key);
  if (!key.is_ddl) key.text.clear();
  key.alarm_id.clear();
  // Its turn to be forgotten has passed while it was open.
  if (!touched_.empty() && key.touched <= now_ - static_cast<Index>(touched_.size())) {
    touched_.front().push_back(key.digest);
    ++touched_count_;
  }
}

// What is said of the key later can still name its last changes.
void ConvergeJudge::KeepTraces(Key& key) {
  if (!key.is_ddl && key.source.set()) key.source_trace = traces_.Of(key.source.item);
  if (!key.is_ddl && key.target.set()) key.target_trace = traces_.Of(key.target.item);
  key.source = key.target = LastChange{};
}

// --- confirming ---

std::vector<ConfirmRequest> ConvergeJudge::TakeRequests() { return std::exchange(requests_, {}); }

void ConvergeJudge::Answer(const std::vector<ConfirmAnswer>& answers, absl::Time now) {
  for (const ConfirmAnswer& answer : answers) {
    const auto it = confirming_.find(answer.id);
    if (it == confirming_.end()) continue;  // of an earlier run
    const auto key = keys_.find(it->second);
    confirming_.erase(it);
    if (key == keys_.end() || key->second.state != State::kConfirming) continue;
    AnswerOne(key->second, answer);
    if (key->second.state == State::kDiffering && MaySleep(key->second)) Sleep(key->second);
  }
  log_.Flush(now);
}

void ConvergeJudge::AnswerOne(Key& key, const ConfirmAnswer& answer) {
  model::RowDiff row = std::move(*std::exchange(key.row, nullptr));
  row.source_present = answer.row.source;
  row.target_present = answer.row.target;
  // What one stream alone says: of a row that the other one did not touch nothing else is known.
  const bool inferred = row.kind == DiffKind::kMissing || row.kind == DiffKind::kStale ||
                        row.kind == DiffKind::kExtra;
  const bool equal =
      answer.row.kind == model::RowAnswer::Kind::kEqual && inferred && key.touched <= key.asked_at;
  if (equal && exact_) {
    row.kind = DiffKind::kHealed;
    key.history.AdoptSource(now_, false);
  } else if (equal && answer.target_barrier) {
    key.state = State::kLate;
    key.late_barrier = *answer.target_barrier;
    key.late_passed = 0;
    key.open_states.clear();
    key.open_passages.clear();
    key.row = std::make_unique<model::RowDiff>(std::move(row));
    Queue(key);
    return;
  }
  OpenFinding(key, std::move(row), key.broken_at);
}

void ConvergeJudge::EvaluateLate(Key& key) {
  if (key.touched == now_) {
    key.state = State::kPending;
    return;
  }
  if (now_offset_ > key.late_barrier && ++key.late_passed > static_cast<uint32_t>(lateness_)) {
    model::RowDiff row = std::move(*std::exchange(key.row, nullptr));
    row.kind = DiffKind::kHealed;
    key.history.AdoptSource(now_, false);
    OpenFinding(key, std::move(row), now_);
  }
}

// A key's texts and lists, and its place in the map, beside itself. Not those that sleep and
// differ: however many they are, the others are remembered, and streams are read on.
uint64_t ConvergeJudge::bytes() const {
  constexpr uint64_t kKeyBytes = sizeof(Keys::value_type) + 64, kPackedBytes = 192;
  return keys_.size() * kKeyBytes + settled_sleeping_ * kPackedBytes +
         touched_count_ * sizeof(model::Digest);
}

model::RowDiff ConvergeJudge::MakeRow(const Key& key, DiffKind kind) const {
  model::RowDiff row;
  row.kind = kind;
  row.table = key.table;
  row.key = key.digest;
  row.source =
      key.source.set() ? EvidenceOf(key.source.item) : traces_.EvidenceOf(key.source_trace);
  row.target =
      key.target.set() ? EvidenceOf(key.target.item) : traces_.EvidenceOf(key.target_trace);
  const Item& any = key.source.set() ? key.source.item : key.target.item;
  if (key.is_ddl) {
    row.key_text = key.text;
    row.table_name = any.mark().table;
    if (key.source.set()) absl::StrAppend(&row.detail, "source: ", key.source.item.mark().detail);
    if (key.source.set() && key.target.set()) absl::StrAppend(&row.detail, "; ");
    if (key.target.set()) absl::StrAppend(&row.detail, "target: ", key.target.item.mark().detail);
  } else if (any.batch != nullptr) {
    row.key_text = std::string(any.text(any.change().key_text));
  }
  return row;
}

}  // namespace dcp::checker
