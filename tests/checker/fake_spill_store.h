// FakeSpillStore: a SpillStore in memory that counts, and fails when it is told to.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/ports/spill_store.h"

namespace dcp::checker::test {

// What a test sets and sees of a store that somebody else owns. Outlives it.
struct SpillControl {
  absl::Status write_status, read_status;
  bool damages = false;  // Read() gives other bytes than those written
  uint64_t written = 0, read = 0, held = 0;
};

class FakeSpillStore final : public model::SpillStore {
 public:
  explicit FakeSpillStore(SpillControl* control) : control_(control) {}
  // `written`, if not null, counts records.
  explicit FakeSpillStore(uint64_t* written) : written_(written) {}

  absl::StatusOr<model::SpillTicket> Write(absl::string_view bytes) override {
    if (!control_->write_status.ok()) return control_->write_status;
    const model::SpillTicket ticket{++next_, 0, 0, bytes.size()};
    records_[ticket.number] = std::string(bytes);
    ++control_->written;
    ++control_->held;
    if (written_ != nullptr) ++*written_;
    return ticket;
  }

  absl::StatusOr<std::string> Read(const model::SpillTicket& ticket) override {
    if (!control_->read_status.ok()) return control_->read_status;
    const auto it = records_.find(ticket.number);
    if (it == records_.end()) return absl::DataLossError("dropped, or never written");
    ++control_->read;
    return control_->damages ? it->second.substr(1) : it->second;
  }

  void Drop(const model::SpillTicket& ticket) override {
    control_->held -= records_.erase(ticket.number);
  }

 private:
  SpillControl own_;
  SpillControl* control_ = &own_;
  uint64_t* written_ = nullptr;
  uint64_t next_ = 0;
  std::unordered_map<uint64_t, std::string> records_;
};

}  // namespace dcp::checker::test
