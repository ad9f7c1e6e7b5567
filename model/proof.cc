#include "model/proof.h"

namespace dcp::model {

Standing StandingOf(const ProofMark& mark, const Proof& proof) {
  if (proof.epoch != mark.epoch || proof.unverified > 0) return Standing::kUnproven;
  if (proof.said_to < mark.goal) return Standing::kPending;
  // Every segment from the mark to the goal has a verdict, and that is of it alone.
  const bool begins =
      proof.covered_from != 0 && (mark.from == 0 || proof.covered_from <= mark.from);
  if (!begins || proof.covered_to < mark.goal) return Standing::kUnproven;
  return proof.open_findings > 0 ? Standing::kDifferent : Standing::kEqual;
}

}  // namespace dcp::model
