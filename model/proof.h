// Proof: what is known of one check and target between two barriers of the source, to be asked by
// who waits for both sides to be equal (`dcp wait`). docs/control.md says what follows from it.
//
// Values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace dcp::model {

// What is to be proven: all that stands before the barrier `goal`, which the source's stream has
// behind all that had been committed when the mark was taken.
struct ProofMark {
  std::string check, target;
  uint64_t epoch = 1;
  uint64_t from = 0;  // barrier up to which verdicts had been said; 0: none had
  uint64_t goal = 0;
};

// At one moment: all of it is of the same state of things.
struct Proof {
  uint64_t epoch = 1;
  uint64_t said_to = 0;        // verdicts were said up to this barrier
  uint64_t open_findings = 0;  // acknowledged and ignored ones too
  // Of the verdicts that reach behind `from` and begin before `goal`:
  uint64_t same = 0, diff = 0, unverified = 0;  // one may be in both of the last
  uint64_t covered_from = 0;                    // where the first one begins; 0: there is none
  uint64_t covered_to = 0;                      // up to where they follow each other without a gap
  // The first that is not verified.
  uint64_t unverified_from = 0, unverified_to = 0;
  std::string unverified_reason;
  // Since when there was no unverified one: barrier; what is said to be equal counts from here.
  uint64_t verified_since = 0;
};

enum class Standing : uint8_t {
  kPending,    // the goal is not reached
  kEqual,      // proven
  kDifferent,  // the goal is reached, and there are open findings
  kUnproven,   // no waiting will prove it: something in between was not seen whole
};

Standing StandingOf(const ProofMark& mark, const Proof& proof);

}  // namespace dcp::model
