// SpillSeal: SpillStores whose records are unreadable for everybody else: enciphered (AES-256, CTR)
// by a key that is in this process's memory only, as is the need for the records. For rows with
// values that are to stand in no file.
//
// That a record is what was written, the store below says. Thread-safe; outlives its stores, which
// are thread-compatible.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "model/ports/spill_store.h"

namespace dcp::state {

class SpillSeal {
 public:
  //   kUnavailable  the system gives no random bytes
  static absl::StatusOr<std::unique_ptr<SpillSeal>> Create();
  SpillSeal(const SpillSeal&) = delete;
  SpillSeal& operator=(const SpillSeal&) = delete;

  std::unique_ptr<model::SpillStore> Seal(std::unique_ptr<model::SpillStore> below);

 private:
  friend class SealedSpillStore;
  using Key = std::array<unsigned char, 32>;
  SpillSeal() = default;

  Key key_{};
  std::atomic<uint64_t> next_record_{1};  // no two are enciphered alike
};

}  // namespace dcp::state
