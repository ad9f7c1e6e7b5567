// A Judge compares aligned segments and says verdicts. Two of them: converge
// (states, the default) and ordered (sequences). Pure: explicit state in,
// outcomes out. Rules: docs/semantics.md.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checker/key_history.h"
#include "checker/options.h"
#include "checker/pair_checker.h"
#include "checker/segment.h"
#include "checker/segment_log.h"
#include "model/verdict.h"
#include "model/verified_table.h"

namespace dcp::checker {

class Judge {
 public:
  virtual ~Judge() = default;

  // What was found before a restart. Verdicts up to `said_to` of the next run were said,
  // `findings` are open there. `is_first`: that run begins where it began then, too. Call
  // before anything else.
  virtual void Restore(uint64_t said_to, bool is_first,
                       const std::vector<model::OpenFinding>& findings) = 0;

  // A run begins at barrier c0; `exact`: aligned by GTID, so lateness is 0.
  virtual void StartRun(uint64_t epoch, uint64_t offset, bool exact) = 0;
  // REQUIRES: in a run; pairs in order. The batches of `pair` may be dropped after.
  virtual void Feed(const SegmentPair& pair, absl::Time now) = 0;
  // Undecided segments become unverified, key states are forgotten.
  virtual void EndRun(const std::string& reason, const std::string& detail, absl::Time now) = 0;

  virtual void Answer(const std::vector<ConfirmAnswer>&, absl::Time) {}
  virtual std::vector<ConfirmRequest> TakeRequests() { return {}; }

  virtual std::vector<model::Outcome> TakeOutcomes() = 0;
  // What is to be stored with them.
  virtual FindingChanges TakeFindingChanges() = 0;
  // Ends open findings of the table, at the first segment that ends behind `to_barrier`: those
  // made in a segment up to `from_barrier` and not touched in a later one. Forgotten with the run.
  virtual void NoteVerified(model::VerifiedTable verified) = 0;
  // Bytes that it holds, about.
  virtual uint64_t bytes() const = 0;
  // How many bytes it may hold: beyond it settled keys are forgotten sooner than `history`
  // says, but none that the last 2 * lateness + 2 segments touched.
  virtual void SetMaxBytes(uint64_t) {}
  // Settled keys that were touched last in a segment up to this one, of the present run,
  // are forgotten. 0: none yet.
  virtual Index forgotten_to() const { return 0; }
  virtual uint64_t pending_keys() const = 0;
  virtual uint64_t open_findings() const = 0;
};

std::unique_ptr<Judge> MakeJudge(const PairOptions& options);

}  // namespace dcp::checker
