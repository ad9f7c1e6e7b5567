// OutboxQueue: what waits for one sink of an Outbox, in which order, and what is given
// up first when it is more than fits (model/ports/outbox.h). It holds what these
// decisions need and not the alarms themselves, so that every Outbox decides alike,
// wherever it keeps them.
//
// Thread-compatible. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/alarm.h"
#include "model/ports/outbox.h"

namespace dcp::model {

// About what the alarm holds in memory, wherever it is kept.
size_t BytesOf(const Alarm& alarm);

// Of an alarm.
struct OutboxItem {
  AlarmType type = AlarmType::kSame;
  std::string id, check, target;
  std::vector<std::string> resolves;
  size_t bytes = 0;  // BytesOf()
};
using OutboxItemPtr = std::shared_ptr<const OutboxItem>;

OutboxItemPtr MakeOutboxItem(const Alarm& alarm);

class OutboxQueue {
 public:
  // An item larger than `max_bytes` is kept alone.
  explicit OutboxQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Adds `item` behind all others. `sequence`: not zero, larger than those before it.
  // Returns the sequences of those that are given up for it.
  std::vector<uint64_t> Add(uint64_t sequence, OutboxItemPtr item);

  // Nothing happens when it is not there.
  void Remove(uint64_t sequence);

  // Of what waits; 0: nothing does.
  uint64_t oldest() const { return entries_.empty() ? 0 : entries_.begin()->first; }
  uint64_t newest() const { return entries_.empty() ? 0 : entries_.rbegin()->first; }

  bool Contains(uint64_t sequence) const { return entries_.contains(sequence); }

  // See Outbox.
  std::vector<Outbox::Head> Heads() const;
  std::vector<uint64_t> Next(const std::string& check, size_t max);
  void CountPutAside(uint64_t alarms) { counts_.put_aside += alarms; }
  const Outbox::Counts& counts() const { return counts_; }

 private:
  using Pair = std::pair<std::string, std::string>;  // check, target

  void Insert(uint64_t sequence, const OutboxItemPtr& item);
  bool IsLent(uint64_t sequence) const;
  bool IsSupersededSame(uint64_t sequence) const;
  // The first of `candidates` that may be given up, 0 if there is none.
  uint64_t FirstFree(const std::set<uint64_t>& candidates) const;
  uint64_t OldestFree() const;
  uint64_t SupersededSame() const;
  // Gives up one entry and returns it; 0 when all that is left must stay.
  uint64_t GiveUpOne();

  const size_t max_bytes_;

  // All by sequence.
  std::map<uint64_t, OutboxItemPtr> entries_;
  std::map<std::string, std::set<uint64_t>> by_check_;
  std::map<std::string, uint64_t> by_id_;  // of diff and timeout
  std::set<uint64_t> sames_;
  std::set<uint64_t> ended_;  // their `resolved` waits too
  std::map<Pair, uint64_t> last_verdict_;
  std::map<std::string, std::set<uint64_t>> lent_;  // by check: the last Next()
  Outbox::Counts counts_;
};

}  // namespace dcp::model
