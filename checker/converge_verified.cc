// Findings of ConvergeJudge that a verification job ends (docs/semantics.md, section 2).
#include "absl/algorithm/container.h"
#include "checker/converge_judge.h"

namespace dcp::checker {

void ConvergeJudge::ResolveVerified() {
  if (restoring_ || log_.said_before(now_)) return;
  std::erase_if(verified_, [&](const model::VerifiedTable& verified) {
    if (now_offset_ <= verified.to_barrier) return false;
    ResolveVerified(verified);
    return true;
  });
}

// What both sides did up to the barrier before this one was done before the last row was read,
// and nothing since then touched the keys that are ended.
void ConvergeJudge::ResolveVerified(const model::VerifiedTable& verified) {
  WakeIf([&](const Key& key) { return IsProved(key, verified); });
  absl::erase_if(keys_, [&](auto& entry) {
    Key& key = entry.second;
    if (!IsProved(key, verified)) return false;
    SayResolved(key, verified.job);
    if (!key.history.SourceAt(now_).known()) return true;  // nothing is to be remembered
    key.history.AdoptSource(now_, Counts(key));
    Settle(key);
    return false;
  });
}

bool ConvergeJudge::IsProved(const Key& key, const model::VerifiedTable& verified) const {
  const bool open = key.state == State::kDiffering && !IsOverlooked(key) && !key.is_ddl;
  if (!open || key.queued || key.table == nullptr || key.table->name != verified.table) {
    return false;
  }
  return key.touched_to <= verified.from_barrier &&
         !absl::c_linear_search(verified.not_equal, key.digest);
}

}  // namespace dcp::checker
