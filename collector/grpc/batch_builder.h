// BatchBuilder: makes one ChangeBatch of the messages of one tag, one
// transaction per message.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "model/change_batch.h"
#include "proto/dcp.pb.h"

namespace dcp::collector {

class BatchBuilder {
 public:
  // `capture`: keep the contents themselves, not only their digests.
  explicit BatchBuilder(bool capture) : capture_(capture) {}

  // `id` is the message's, `seconds` Unix time (0: not told).
  // REQUIRES: bytes() stays below 4 GiB
  void AddBarrier(absl::string_view id, uint64_t seconds, uint64_t offset,
                  model::Place place = nullptr);
  void AddChange(absl::string_view id, uint64_t seconds, absl::string_view key,
                 absl::string_view content, absl::string_view checksum);

  bool empty() const { return bytes_ == 0; }
  bool has_barrier() const { return batch_ != nullptr && !batch_->marks.empty(); }
  // About what the batch takes in memory.
  size_t bytes() const { return bytes_; }

  // Returns what was added since the last call; null if nothing was.
  model::ChangeBatchPtr Take();

 private:
  model::ChangeBatch& batch();
  model::Slice Store(absl::string_view text);
  model::Slice StoreContent(absl::string_view content);
  void AddTxn(absl::string_view id, uint64_t seconds);

  const bool capture_;
  std::shared_ptr<model::ChangeBatch> batch_;
  size_t bytes_ = 0;
};

// Adds a message that has a body. `place`: of a barrier.
void AddMessage(const Message& message, model::Place place, BatchBuilder& builder);

}  // namespace dcp::collector
