// InputSpill: batches that wait on disk for a check's worker while it is busy, as in a storm of
// differences, so that the stream they come from, which feeds other checks too, is read on.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "checker/chunk_bytes.h"
#include "model/change_batch.h"
#include "model/ports/spill_store.h"

namespace dcp::cmd {

class InputSpill {
 public:
  // Beyond it the worker is waited for, and with it the stream: the disk has other uses.
  static constexpr uint64_t kMostBytes = uint64_t{1} << 30;

  // Null: it takes nothing.
  explicit InputSpill(std::unique_ptr<model::SpillStore> store) : store_(std::move(store)) {}

  // Not OK: it was not taken, and the worker has to be waited for.
  absl::StatusOr<model::SpillTicket> Write(const model::ChangeBatchPtr& batch)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Each ticket once. kDataLoss and kUnavailable as of the store.
  absl::StatusOr<model::ChangeBatchPtr> Take(const model::SpillTicket& ticket)
      ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t bytes() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable Mutex mu_;
  const std::unique_ptr<model::SpillStore> store_ ABSL_PT_GUARDED_BY(mu_);
  checker::TableNumbers tables_ ABSL_GUARDED_BY(mu_);
  uint64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace dcp::cmd
