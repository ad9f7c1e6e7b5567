// ProofSource: who knows how far both sides of a check are proven to be equal. Implemented by cmd/,
// over state/ and the servers.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/proof.h"

namespace dcp::model {

// Of which present: what has been committed on the source by now. Where one of the two is given,
// that instead.
struct MarkRequest {
  std::string check;
  std::string gtid;                 // that transactions of this set were committed
  std::optional<uint64_t> barrier;  // that the source's stream has this barrier
};

class ProofSource {
 public:
  virtual ~ProofSource() = default;

  // One for each target of the check. Asks the source.
  //   kNotFound            no such check
  //   kInvalidArgument     a GTID set that is none; a source that cannot be asked for it
  //   kFailedPrecondition  the source has not committed these transactions yet, or its barrier is
  //                        behind what was read: may be different a moment later
  //   kUnavailable         the source cannot be asked now
  virtual absl::StatusOr<std::vector<ProofMark>> TakeMarks(const MarkRequest& request) = 0;

  //   kNotFound  no such check and target
  virtual absl::StatusOr<Proof> Prove(const ProofMark& mark) = 0;
};

}  // namespace dcp::model
