// MemoryBudget: `memory` of [state], shared by all checks of the process.
//
// Each check has a share. It may use an equal part of the total always, and more as long
// as the others leave it: when they need their parts, its limit falls and it has to spill.
//
// Thread-safe. Shares end before their budget.
#pragma once

#include <cstdint>
#include <memory>

#include "base/mutex.h"

namespace dcp::cmd {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t total_bytes) : total_(total_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  class Share {
   public:
    explicit Share(MemoryBudget* budget) : budget_(*budget) {}
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // The check holds so many bytes now; returns how many it may hold.
    uint64_t Use(uint64_t bytes) ABSL_LOCKS_EXCLUDED(budget_.mu_);

   private:
    MemoryBudget& budget_;
    uint64_t used_ = 0;  // guarded by budget_.mu_
  };

  std::unique_ptr<Share> Join() ABSL_LOCKS_EXCLUDED(mu_);

  uint64_t total() const { return total_; }
  uint64_t used() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const uint64_t total_;
  mutable Mutex mu_;
  uint64_t shares_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t used_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dcp::cmd
