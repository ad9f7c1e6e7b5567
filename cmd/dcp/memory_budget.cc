#include "cmd/dcp/memory_budget.h"

#include <algorithm>

namespace dcp::cmd {

std::unique_ptr<MemoryBudget::Share> MemoryBudget::Join() {
  MutexLock lock(mu_);
  ++shares_;
  return std::make_unique<Share>(this);
}

uint64_t MemoryBudget::used() const {
  MutexLock lock(mu_);
  return used_;
}

MemoryBudget::Share::~Share() {
  MutexLock lock(budget_.mu_);
  --budget_.shares_;
  budget_.used_ -= used_;
}

uint64_t MemoryBudget::Share::Use(uint64_t bytes) {
  MutexLock lock(budget_.mu_);
  budget_.used_ += bytes - used_;
  used_ = bytes;
  const uint64_t others = std::min(budget_.used_ - used_, budget_.total_);
  return std::max(budget_.total_ / budget_.shares_, budget_.total_ - others);
}

}  // namespace dcp::cmd
