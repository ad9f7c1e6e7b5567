#include "tests/support/memory_outbox.h"

namespace dcp::test {

MemoryOutbox::Mailbox& MemoryOutbox::MailboxOf(const std::string& sink) {
  return mailboxes_.try_emplace(sink, max_bytes_).first->second;
}

absl::Status MemoryOutbox::Append(const model::Report&, const std::vector<Addressed>& alarms) {
  MutexLock lock(mu_);
  for (const Addressed& addressed : alarms) {
    const uint64_t sequence = ++last_sequence_;
    const model::OutboxItemPtr item = model::MakeOutboxItem(*addressed.alarm);
    for (const std::string& sink : addressed.sinks) {
      Mailbox& mailbox = MailboxOf(sink);
      mailbox.alarms[sequence] = addressed.alarm;
      for (uint64_t given_up : mailbox.queue.Add(sequence, item)) mailbox.alarms.erase(given_up);
    }
  }
  return absl::OkStatus();
}

std::vector<model::Outbox::Head> MemoryOutbox::Heads(const std::string& sink) const {
  MutexLock lock(mu_);
  const auto mailbox = mailboxes_.find(sink);
  return mailbox == mailboxes_.end() ? std::vector<Head>() : mailbox->second.queue.Heads();
}

std::vector<model::Outbox::Entry> MemoryOutbox::Next(const std::string& sink,
                                                     const std::string& check, size_t max) {
  std::vector<Entry> next;
  MutexLock lock(mu_);
  Mailbox& mailbox = MailboxOf(sink);
  for (uint64_t sequence : mailbox.queue.Next(check, max)) {
    next.push_back({sequence, mailbox.alarms.at(sequence)});
  }
  return next;
}

void MemoryOutbox::Acknowledge(const std::string& sink, uint64_t sequence) {
  MutexLock lock(mu_);
  MailboxOf(sink).queue.Remove(sequence);
  MailboxOf(sink).alarms.erase(sequence);
}

void MemoryOutbox::PutAside(const std::string& sink, uint64_t sequence) {
  MutexLock lock(mu_);
  Mailbox& mailbox = MailboxOf(sink);
  if (!mailbox.queue.Contains(sequence)) return;
  mailbox.queue.Remove(sequence);
  mailbox.queue.CountPutAside(1);
  mailbox.alarms.erase(sequence);
}

model::Outbox::Counts MemoryOutbox::CountsOf(const std::string& sink) const {
  MutexLock lock(mu_);
  const auto mailbox = mailboxes_.find(sink);
  return mailbox == mailboxes_.end() ? Counts() : mailbox->second.queue.counts();
}

}  // namespace dcp::test
