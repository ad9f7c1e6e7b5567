// MemoryOutbox: an Outbox that lives as long as the process. Bounded in bytes per
// sink; a single alarm larger than that is kept alone.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "model/outbox_queue.h"
#include "model/ports/outbox.h"

namespace dcp::test {

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

 private:
  struct Mailbox {
    explicit Mailbox(size_t max_bytes) : queue(max_bytes) {}

    model::OutboxQueue queue;
    std::map<uint64_t, model::AlarmPtr> alarms;
  };

  Mailbox& MailboxOf(const std::string& sink) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t max_bytes_;

  mutable Mutex mu_;
  std::map<std::string, Mailbox> mailboxes_ ABSL_GUARDED_BY(mu_);  // by sink
  uint64_t last_sequence_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dcp::test
