// What ConvergeJudge does not know any more, and gives up to stay within its bytes.
#include <algorithm>

#include "checker/converge_judge.h"
#include "checker/evidence.h"

namespace dcp::checker {

bool ConvergeJudge::Concerns(const Key& key, const std::string& table) const {
  if (table.empty()) return true;
  if (key.is_ddl) return key.text == DdlKeyText(table);
  return key.table != nullptr && key.table->name == table;
}

Index ConvergeJudge::KnownFrom(const Key& key) const {
  if (known_from_.empty()) return 0;
  Index from = 0;
  for (const auto& [table, index] : known_from_) {
    if (Concerns(key, table)) from = std::max(from, index);
  }
  return from;
}

// A finding stays open; the states of both sides are unknown until touched.
void ConvergeJudge::Lose(Key& key) {
  key.history.Lose();
  key.not_before = 0;  // a later run counts anew
  key.touched_to = std::max(key.touched_to, now_offset_);
  key.touched = kNone;
  key.queued = false;
}

void ConvergeJudge::ForgetTable(const std::string& table, const std::string& reason,
                                const std::string& detail) {
  known_from_[table] = now_;
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(),
                                [&](const Key* key) { return Concerns(*key, table); }),
                 pending_.end());
  for (auto it = keys_.begin(); it != keys_.end();) {
    Key& key = it->second;
    if (!Concerns(key, table)) {
      ++it;
      continue;
    }
    for (const Index m : key.waiting) {
      log_.KeySeen(m);
      log_.Unverify(m, reason, detail, table);
    }
    key.waiting.clear();
    if (key.state == State::kConfirming) confirming_.erase(key.request);
    if (key.state == State::kDiffering && !IsOverlooked(key)) {
      Lose(key);
      NoteFinding(key, now_);
      ++it;
    } else {
      keys_.erase(it++);
    }
  }
  EraseSettledSleeping([&](const Key& key) { return Concerns(key, table); });
  ChangeSleeping([&](Key& key) {
    if (key.state == State::kSettled || !Concerns(key, table)) return false;
    Lose(key);
    NoteFinding(key, now_);
    return true;
  });
}

void ConvergeJudge::ForgetOld() {
  absl::erase_if(known_from_,
                 [&](const auto& entry) { return now_ - entry.second > 2 * lateness_ + 1; });
  absl::erase_if(replayed_, [&](Index i) { return now_ - i > lateness_; });
  if (touched_.size() > options_.history) ForgetOldest();
  const size_t least = 2 * static_cast<size_t>(lateness_) + 2;
  while (bytes() > max_bytes_ && touched_.size() > least) {
    forgotten_to_ = now_ - static_cast<Index>(touched_.size()) + 1;
    ForgetOldest();
  }
}

// What the oldest segment that is looked back to touched last.
void ConvergeJudge::ForgetOldest() {
  const Index oldest = now_ - static_cast<Index>(touched_.size()) + 1;
  for (const model::Digest& digest : touched_.front()) {
    const auto sleeping = sleeping_.find(digest);
    if (sleeping != sleeping_.end() && StateOf(sleeping->second) == State::kSettled) Wake(digest);
    const auto it = keys_.find(digest);
    if (it == keys_.end() || it->second.state != State::kSettled || it->second.queued) continue;
    if (it->second.touched <= oldest) {
      keys_.erase(it);
    } else if (MaySleep(it->second)) {
      Sleep(it->second);
    }
  }
  touched_count_ -= touched_.front().size();
  touched_.pop_front();
}

}  // namespace dcp::checker
