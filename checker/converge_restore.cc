// ConvergeJudge after a restart: findings that are open, and the way of the run to where verdicts
// were said last (docs/semantics.md, section 7).
#include "checker/converge_judge.h"
#include "checker/erase_if.h"

namespace dcp::checker {

void ConvergeJudge::Restore(uint64_t said_to, bool is_first,
                            const std::vector<model::OpenFinding>& findings) {
  log_.ContinueFrom(said_to);
  restored_ = findings;
  restored_at_ = said_to;
  starts_early_ = is_first;
  restoring_ = true;
  for (const model::OpenFinding& finding : findings) {
    Key& key = keys_[finding.key];
    key.state = State::kDiffering;
    key.is_ddl = finding.kind == model::DiffKind::kDdl;
    key.kind = finding.kind;
    key.digest = finding.key;
    key.text = finding.key_text;
    key.alarm_id = finding.alarm_id;
    key.not_before = finding.not_before;
    key.touched_to = said_to;
    if (!finding.table.empty() && !key.is_ddl) {
      key.table = restored_tables_.Intern({finding.table, {}, finding.keyless});
    }
    findings_.Open(finding.alarm_id);
    Sleep(key);
  }
}

// It belongs to a verdict that was said before a restart.
bool ConvergeJudge::WasSaid(const Key& key, const Broken& broken) const {
  if (key.waiting.empty()) return now_offset_ <= restored_at_;
  return log_.said_before(SaidIn(key, broken.barrier));
}

// What is broken here was said before, or was no finding then: an open finding stands
// above the rules that are broken meanwhile. While the run has not come to where
// verdicts were said last, the key differs here as it did then, and nothing is said.
void ConvergeJudge::Overlook(Key& key, Index barrier) {
  if (!restoring_) {
    EraseIf(key.open_states, [&](Index j) { return j <= barrier; });
    EraseIf(key.open_passages, [&](const Passage& p) { return p.barrier <= barrier; });
    for (const Index m : key.waiting) {
      if (log_.said_before(m)) log_.KeySeen(m);
    }
    EraseIf(key.waiting, [&](Index m) { return log_.said_before(m); });
    return;
  }
  for (const Index m : key.waiting) log_.KeySeen(m);
  key.waiting.clear();
  key.open_states.clear();
  key.open_passages.clear();
  key.state = State::kDiffering;
  key.alarm_id.clear();
  if (key.history.Agrees(now_)) return Settle(key);
  overlooked_.push_back(key.digest);
}

// The run has come to where verdicts were said last before a restart.
void ConvergeJudge::EndRestoring() {
  restoring_ = false;
  for (const model::OpenFinding& finding : restored_) {
    Wake(finding.key);
    Key& key = keys_[finding.key];
    key.history.Pin(finding.source, finding.target, Counts(key), now_);
    key.digest = finding.key;
    if (key.not_before > now_offset_) Queue(key);
    if (key.state == State::kDiffering && MaySleep(key)) Sleep(key);
  }
  restored_.clear();
  for (const model::Digest& digest : overlooked_) {
    const auto it = keys_.find(digest);
    if (it != keys_.end() && IsOverlooked(it->second)) EndOverlooked(it->second);
  }
  overlooked_.clear();
}

// Its finding had ended by now, by what the streams do not show: its rows were read.
void ConvergeJudge::EndOverlooked(Key& key) {
  if (key.history.source_assumed()) {  // what told it may stand before the run's new beginning
    key.history.AssumeTarget(now_);
    return Settle(key);
  }
  const bool decided = key.history.last_touch() + 2 * lateness_ <= now_;
  if (!decided && key.history.first_target_touch() != kNone) {
    key.state = State::kPending;
    return Queue(key);
  }
  // Where the target came from stands before the run's new beginning, and the source's
  // last change may have been under way.
  if (!decided) unsettled_.push_back(key.table != nullptr ? key.table->name : "");
  key.history.AdoptSource(now_, Counts(key));
  Settle(key);
}

}  // namespace dcp::checker
