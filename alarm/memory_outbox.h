// MemoryOutbox: an Outbox that lives as long as the process. Bounded in bytes per
// sink; a single alarm larger than that is kept alone.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "model/ports/outbox.h"

namespace dcp::alarm {

class MemoryOutbox final : public model::Outbox {
 public:
  explicit MemoryOutbox(size_t max_bytes_per_sink = size_t{64} << 20)
      : max_bytes_(max_bytes_per_sink) {}

  absl::Status Append(const model::Report& report, const std::vector<Addressed>& alarms) override
      ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<Head> Heads(const std::string& sink) const override ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<Entry> Next(const std::string& sink, const std::string& check, size_t max) override
      ABSL_LOCKS_EXCLUDED(mu_);
  void Acknowledge(const std::string& sink, uint64_t sequence) override ABSL_LOCKS_EXCLUDED(mu_);
  void PutAside(const std::string& sink, uint64_t sequence) override ABSL_LOCKS_EXCLUDED(mu_);
  Counts CountsOf(const std::string& sink) const override ABSL_LOCKS_EXCLUDED(mu_);

  // About what the alarm holds in memory.
  static size_t BytesOf(const model::Alarm& alarm);

 private:
  using Pair = std::pair<std::string, std::string>;  // check, target

  // What one sink has still to get. All by sequence.
  struct Queue {
    std::map<uint64_t, model::AlarmPtr> entries;
    std::map<std::string, std::set<uint64_t>> by_check;
    std::map<std::string, uint64_t> by_id;  // of diff and timeout
    std::set<uint64_t> sames;
    std::set<uint64_t> ended;  // their `resolved` waits too
    std::map<Pair, uint64_t> last_verdict;
    std::map<std::string, std::set<uint64_t>> lent;  // by check: the last Next
    Counts counts;
  };

  static void Add(Queue& queue, uint64_t sequence, const model::AlarmPtr& alarm);
  static void Remove(Queue& queue, uint64_t sequence);
  static bool IsLent(const Queue& queue, uint64_t sequence);
  static bool IsSupersededSame(const Queue& queue, uint64_t sequence);
  // The first of `candidates` that may be given up, 0 if there is none.
  static uint64_t FirstFree(const Queue& queue, const std::set<uint64_t>& candidates);
  static uint64_t OldestFree(const Queue& queue);
  // Gives up one entry; false when all that is left must stay.
  static bool GiveUpOne(Queue& queue);

  const size_t max_bytes_;

  mutable Mutex mu_;
  std::map<std::string, Queue> queues_ ABSL_GUARDED_BY(mu_);  // by sink
  uint64_t last_sequence_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dcp::alarm
