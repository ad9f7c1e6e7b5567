// Proofs: how far both sides of a check are proven to be equal, by the history in a state directory
// and by what the source says of its present.
//
// What "all that was committed by now" is, is told by a barrier. With k in drc.barrier of the
// source, read after whatever is to be covered was committed: barrier k + 1 may already stand in
// the binlog before it, k + 2 cannot, as it is only begun when k + 1 is committed.
//
// Thread-safe. Calls take as long as the disk and the source do.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "model/ports/proof_source.h"

namespace dcp::cmd {

class Proofs final : public model::ProofSource {
 public:
  // `config` outlives it.
  Proofs(const config::Config& config, std::string state_dir)
      : config_(config), state_dir_(std::move(state_dir)) {}

  absl::StatusOr<std::vector<model::ProofMark>> TakeMarks(
      const model::MarkRequest& request) override;
  absl::StatusOr<model::Proof> Prove(const model::ProofMark& mark) override;

 private:
  absl::StatusOr<const config::CheckOptions*> CheckOf(const std::string& name) const;
  // The barrier behind all that is asked for.
  absl::StatusOr<uint64_t> GoalOf(const config::CheckOptions& check,
                                  const model::MarkRequest& request) const;

  const config::Config& config_;
  const std::string state_dir_;
};

}  // namespace dcp::cmd
