// SinkQueue: the outcomes that one sink has still to get, oldest first, bounded in
// bytes.
//
// Full, it gives up what matters least: the oldest `same` that a later verdict of
// the same check and target supersedes, then the oldest `same`, then the oldest of
// the rest. What it gave up is counted.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "alarm/alarm.h"
#include "model/alarm_type.h"
#include "model/verdict.h"

namespace dcp::alarm {

// An outcome on its way to one or more sinks. `outcome`, `types` and `bytes` are
// constant; `alarms` belongs to the delivery thread, which fills it once.
struct Item {
  explicit Item(const model::Outcome& o);

  const model::Outcome outcome;
  const model::AlarmTypes types;
  const size_t bytes;  // about what it holds in memory
  std::vector<Alarm> alarms;
};

class SinkQueue {
 public:
  explicit SinkQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  // What a Put gave up, the put item included.
  struct Dropped {
    uint64_t same = 0;
    uint64_t others = 0;
  };
  Dropped Put(std::shared_ptr<Item> item);

  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  size_t bytes() const { return bytes_; }

  // Lends the oldest item; it stays the oldest until Pop(). REQUIRES: !empty()
  std::shared_ptr<Item> Lend() {
    lent_ = true;
    return items_.front();
  }
  // Takes back what was lent, for a later attempt.
  void Return() { lent_ = false; }
  // Removes the oldest item. REQUIRES: !empty()
  void Pop();

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // Index of what to give up next, kNone if everything is lent.
  size_t LeastWorthy() const;
  bool IsSuperseded(size_t index) const;

  const size_t max_bytes_;
  std::deque<std::shared_ptr<Item>> items_;
  size_t bytes_ = 0;
  bool lent_ = false;  // items_.front() is being delivered
};

}  // namespace dcp::alarm
