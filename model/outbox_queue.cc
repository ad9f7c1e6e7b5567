#include "model/outbox_queue.h"

#include <algorithm>

namespace dcp::model {
namespace {

// Of the containers that hold an entry.
constexpr size_t kOverhead = 256;

bool IsVerdict(AlarmType type) {
  return type == AlarmType::kSame || type == AlarmType::kDiff || type == AlarmType::kUnverified;
}

size_t BytesOfTexts(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  return bytes;
}

}  // namespace

size_t BytesOf(const Alarm& alarm) {
  return sizeof(Alarm) + kOverhead + alarm.id.size() + alarm.json.size() + alarm.text.size() +
         alarm.check.size() + alarm.source.size() + alarm.target.size() +
         BytesOfTexts(alarm.tables) + BytesOfTexts(alarm.resolves) + alarm.kinds.size();
}

OutboxItemPtr MakeOutboxItem(const Alarm& alarm) {
  return std::make_shared<const OutboxItem>(
      OutboxItem{alarm.type, alarm.id, alarm.check, alarm.target, alarm.resolves, BytesOf(alarm)});
}

std::vector<uint64_t> OutboxQueue::Add(uint64_t sequence, OutboxItemPtr item) {
  std::vector<uint64_t> given_up;
  Insert(sequence, item);
  while (counts_.waiting_bytes > max_bytes_) {
    const uint64_t victim = GiveUpOne();
    if (victim == 0) break;
    given_up.push_back(victim);
  }
  return given_up;
}

void OutboxQueue::Insert(uint64_t sequence, const OutboxItemPtr& item) {
  entries_[sequence] = item;
  by_check_[item->check].insert(sequence);
  counts_.waiting_bytes += item->bytes;
  ++counts_.waiting;
  if (item->type == AlarmType::kSame) sames_.insert(sequence);
  if (IsVerdict(item->type)) last_verdict_[{item->check, item->target}] = sequence;
  if (item->type == AlarmType::kDiff || item->type == AlarmType::kTimeout) {
    by_id_[item->id] = sequence;
  }
  for (const std::string& id : item->resolves) {
    const auto ended = by_id_.find(id);
    if (ended != by_id_.end()) ended_.insert(ended->second);
  }
}

void OutboxQueue::Remove(uint64_t sequence) {
  const auto entry = entries_.find(sequence);
  if (entry == entries_.end()) return;
  const OutboxItem& item = *entry->second;
  const auto check = by_check_.find(item.check);
  check->second.erase(sequence);
  if (check->second.empty()) {
    lent_.erase(item.check);
    by_check_.erase(check);
  }
  sames_.erase(sequence);
  ended_.erase(sequence);
  const auto named = by_id_.find(item.id);
  if (named != by_id_.end() && named->second == sequence) by_id_.erase(named);
  counts_.waiting_bytes -= item.bytes;
  --counts_.waiting;
  entries_.erase(entry);
}

bool OutboxQueue::IsLent(uint64_t sequence) const {
  const auto lent = lent_.find(entries_.at(sequence)->check);
  return lent != lent_.end() && lent->second.contains(sequence);
}

bool OutboxQueue::IsSupersededSame(uint64_t sequence) const {
  const OutboxItem& item = *entries_.at(sequence);
  const auto last = last_verdict_.find({item.check, item.target});
  return last != last_verdict_.end() && last->second > sequence;
}

uint64_t OutboxQueue::FirstFree(const std::set<uint64_t>& candidates) const {
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](uint64_t sequence) { return !IsLent(sequence); });
  return found == candidates.end() ? 0 : *found;
}

uint64_t OutboxQueue::OldestFree() const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return !IsLent(entry.first); });
  return found == entries_.end() ? 0 : found->first;
}

uint64_t OutboxQueue::SupersededSame() const {
  const auto found = std::find_if(sames_.begin(), sames_.end(), [&](uint64_t sequence) {
    return IsSupersededSame(sequence) && !IsLent(sequence);
  });
  return found == sames_.end() ? 0 : *found;
}

uint64_t OutboxQueue::GiveUpOne() {
  const uint64_t newest = entries_.rbegin()->first;
  uint64_t victim = SupersededSame();
  if (victim == 0) victim = FirstFree(sames_);
  if (victim == newest) victim = 0;  // it is the newest state
  if (victim == 0) victim = FirstFree(ended_);
  const bool lost = victim == 0;
  if (lost) victim = OldestFree();
  if (victim == 0 || victim == newest) return 0;
  ++(lost ? counts_.lost : counts_.superseded);
  Remove(victim);
  return victim;
}

std::vector<Outbox::Head> OutboxQueue::Heads() const {
  std::vector<Outbox::Head> heads;
  for (const auto& [check, sequences] : by_check_) heads.push_back({check, *sequences.begin()});
  std::sort(heads.begin(), heads.end(),
            [](const Outbox::Head& a, const Outbox::Head& b) { return a.sequence < b.sequence; });
  return heads;
}

std::vector<uint64_t> OutboxQueue::Next(const std::string& check, size_t max) {
  std::vector<uint64_t> next;
  const auto sequences = by_check_.find(check);
  if (sequences == by_check_.end()) return next;
  std::set<uint64_t>& lent = lent_[check];
  lent.clear();
  for (uint64_t sequence : sequences->second) {
    if (next.size() == max) break;
    lent.insert(sequence);
    next.push_back(sequence);
  }
  return next;
}

}  // namespace dcp::model
