#include "alarm/memory_outbox.h"

#include <algorithm>

namespace dcp::alarm {
namespace {

using model::AlarmType;

// Of the containers that hold an entry.
constexpr size_t kOverhead = 256;

bool IsVerdict(const model::Alarm& alarm) {
  return alarm.type == AlarmType::kSame || alarm.type == AlarmType::kDiff ||
         alarm.type == AlarmType::kUnverified;
}

size_t BytesOfTexts(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(std::string) + text.size();
  return bytes;
}

}  // namespace

size_t MemoryOutbox::BytesOf(const model::Alarm& alarm) {
  return sizeof(model::Alarm) + kOverhead + alarm.id.size() + alarm.json.size() +
         alarm.text.size() + alarm.check.size() + alarm.source.size() + alarm.target.size() +
         BytesOfTexts(alarm.tables) + BytesOfTexts(alarm.resolves) + alarm.kinds.size();
}

absl::Status MemoryOutbox::Append(const model::Report&, const std::vector<Addressed>& alarms) {
  MutexLock lock(mu_);
  for (const Addressed& addressed : alarms) {
    const uint64_t sequence = ++last_sequence_;
    for (const std::string& sink : addressed.sinks) {
      Queue& queue = queues_[sink];
      Add(queue, sequence, addressed.alarm);
      while (queue.counts.waiting_bytes > max_bytes_ && GiveUpOne(queue)) {
      }
    }
  }
  return absl::OkStatus();
}

void MemoryOutbox::Add(Queue& queue, uint64_t sequence, const model::AlarmPtr& alarm) {
  queue.entries[sequence] = alarm;
  queue.by_check[alarm->check].insert(sequence);
  queue.counts.waiting_bytes += BytesOf(*alarm);
  ++queue.counts.waiting;
  if (alarm->type == AlarmType::kSame) queue.sames.insert(sequence);
  if (IsVerdict(*alarm)) queue.last_verdict[{alarm->check, alarm->target}] = sequence;
  if (alarm->type == AlarmType::kDiff || alarm->type == AlarmType::kTimeout) {
    queue.by_id[alarm->id] = sequence;
  }
  for (const std::string& id : alarm->resolves) {
    const auto ended = queue.by_id.find(id);
    if (ended != queue.by_id.end()) queue.ended.insert(ended->second);
  }
}

void MemoryOutbox::Remove(Queue& queue, uint64_t sequence) {
  const auto entry = queue.entries.find(sequence);
  if (entry == queue.entries.end()) return;
  const model::Alarm& alarm = *entry->second;
  const auto check = queue.by_check.find(alarm.check);
  check->second.erase(sequence);
  if (check->second.empty()) {
    queue.lent.erase(alarm.check);
    queue.by_check.erase(check);
  }
  queue.sames.erase(sequence);
  queue.ended.erase(sequence);
  const auto named = queue.by_id.find(alarm.id);
  if (named != queue.by_id.end() && named->second == sequence) queue.by_id.erase(named);
  queue.counts.waiting_bytes -= BytesOf(alarm);
  --queue.counts.waiting;
  queue.entries.erase(entry);
}

bool MemoryOutbox::IsLent(const Queue& queue, uint64_t sequence) {
  const auto lent = queue.lent.find(queue.entries.at(sequence)->check);
  return lent != queue.lent.end() && lent->second.contains(sequence);
}

bool MemoryOutbox::IsSupersededSame(const Queue& queue, uint64_t sequence) {
  const model::Alarm& alarm = *queue.entries.at(sequence);
  const auto last = queue.last_verdict.find({alarm.check, alarm.target});
  return last != queue.last_verdict.end() && last->second > sequence;
}

uint64_t MemoryOutbox::FirstFree(const Queue& queue, const std::set<uint64_t>& candidates) {
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](uint64_t sequence) { return !IsLent(queue, sequence); });
  return found == candidates.end() ? 0 : *found;
}

uint64_t MemoryOutbox::OldestFree(const Queue& queue) {
  const auto found = std::find_if(queue.entries.begin(), queue.entries.end(),
                                  [&](const auto& entry) { return !IsLent(queue, entry.first); });
  return found == queue.entries.end() ? 0 : found->first;
}

bool MemoryOutbox::GiveUpOne(Queue& queue) {
  const uint64_t newest = queue.entries.rbegin()->first;
  const auto superseded =
      std::find_if(queue.sames.begin(), queue.sames.end(), [&](uint64_t sequence) {
        return IsSupersededSame(queue, sequence) && !IsLent(queue, sequence);
      });
  uint64_t victim = superseded == queue.sames.end() ? 0 : *superseded;
  if (victim == 0) victim = FirstFree(queue, queue.sames);
  if (victim == newest) victim = 0;  // it is the newest state
  if (victim == 0) victim = FirstFree(queue, queue.ended);
  const bool lost = victim == 0;
  if (lost) victim = OldestFree(queue);
  if (victim == 0 || victim == newest) return false;
  ++(lost ? queue.counts.lost : queue.counts.superseded);
  Remove(queue, victim);
  return true;
}

std::vector<model::Outbox::Head> MemoryOutbox::Heads(const std::string& sink) const {
  std::vector<Head> heads;
  MutexLock lock(mu_);
  const auto queue = queues_.find(sink);
  if (queue == queues_.end()) return heads;
  for (const auto& [check, sequences] : queue->second.by_check) {
    heads.push_back({check, *sequences.begin()});
  }
  std::sort(heads.begin(), heads.end(),
            [](const Head& a, const Head& b) { return a.sequence < b.sequence; });
  return heads;
}

std::vector<model::Outbox::Entry> MemoryOutbox::Next(const std::string& sink,
                                                     const std::string& check, size_t max) {
  std::vector<Entry> next;
  MutexLock lock(mu_);
  Queue& queue = queues_[sink];
  const auto sequences = queue.by_check.find(check);
  if (sequences == queue.by_check.end()) return next;
  std::set<uint64_t>& lent = queue.lent[check];
  lent.clear();
  for (uint64_t sequence : sequences->second) {
    if (next.size() == max) break;
    lent.insert(sequence);
    next.push_back({sequence, queue.entries.at(sequence)});
  }
  return next;
}

void MemoryOutbox::Acknowledge(const std::string& sink, uint64_t sequence) {
  MutexLock lock(mu_);
  Remove(queues_[sink], sequence);
}

void MemoryOutbox::PutAside(const std::string& sink, uint64_t sequence) {
  MutexLock lock(mu_);
  Queue& queue = queues_[sink];
  if (!queue.entries.contains(sequence)) return;
  Remove(queue, sequence);
  ++queue.counts.put_aside;
}

model::Outbox::Counts MemoryOutbox::CountsOf(const std::string& sink) const {
  MutexLock lock(mu_);
  const auto queue = queues_.find(sink);
  return queue == queues_.end() ? Counts() : queue->second.counts;
}

}  // namespace dcp::alarm
