// PairStates: what was stored of (check, target) pairs with the reports on them.
// Implemented by state/.
//
// Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "model/pair_state.h"

namespace dcp::model {

class PairStates {
 public:
  virtual ~PairStates() = default;

  // As of the last Outbox::Append with its name; nullopt: nothing was ever stored.
  //   kDataLoss     what is stored cannot be understood; the message says what to do
  //   kUnavailable  it cannot be read now
  virtual absl::StatusOr<std::optional<StoredPair>> Load(const std::string& check,
                                                         const std::string& target) = 0;
};

}  // namespace dcp::model
