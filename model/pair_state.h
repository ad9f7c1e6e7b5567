// What a check has to know of one target to go on after a restart as if there had been
// none. The streams are read again from some segments before the last one that was
// judged, which rebuilds what is known of each key; verdicts that were said are not said
// again. What lies further back is kept here: the open findings.
// docs/semantics.md, section 7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/digest.h"
#include "model/finding.h"
#include "model/gtid_set.h"
#include "model/verdict.h"
#include "model/version.h"

namespace dcp::model {

// A key whose `diff` was said and is not resolved, at the barrier up to which verdicts
// were said.
struct OpenFinding {
  Digest key;
  std::string alarm_id;  // of the `diff` that said it
  DiffKind kind = DiffKind::kMissing;
  std::string table;     // empty: pushed on both sides
  bool keyless = false;  // of the table
  std::string key_text;
  uint64_t not_before = 0;  // barrier offset at which it was found: it cannot end before
  // The states that the source and the target have it in; kUnknown where that is not known.
  Version source = Version::Unknown();
  Version target = Version::Unknown();

  friend bool operator==(const OpenFinding&, const OpenFinding&) = default;
};

// Where a run of segments can be taken up again.
struct RunState {
  uint64_t from = 0;      // the barrier offset to begin at, before or at PairState::said_to
  std::string from_name;  // which transaction of the source that is, so that it is found
                          // again whatever else has its offset; empty: not told
  bool is_first = true;   // the run began there, nothing that belongs to it stands before
  // The target's own transactions that stand behind its barrier `said_to` and were judged.
  GtidSet judged_ahead;
  std::string source_place, target_place;  // to read the streams from

  friend bool operator==(const RunState&, const RunState&) = default;
};

struct PairState {
  uint64_t epoch = 1;
  uint64_t said_to = 0;  // the barrier offset up to which verdicts were said
  std::string rules;     // what the findings' states depend on; the same text: the same rules
  // nullopt: the last run ended, and no barrier was seen on both sides since. Why:
  std::optional<RunState> run;
  std::string lost_reason, lost_detail;
  // Timeouts that were said and have not ended: of the target, of the source.
  std::optional<OutcomeHead> timeout, source_timeout;

  friend bool operator==(const PairState&, const PairState&) = default;
};

// A PairState and all its open findings.
struct StoredPair {
  PairState state;
  std::vector<OpenFinding> findings;
};

// What changes in what is stored of a pair.
struct PairUpdate {
  std::optional<PairState> state;     // replaces the stored one
  std::vector<OpenFinding> findings;  // new ones, and changed ones by their key
  std::vector<Digest> closed;         // keys, never in `findings` too
};

// What a check says of one target at one time. All of it is stored, or nothing of it.
struct Report {
  std::string check, target;  // tag
  std::vector<Outcome> outcomes;
  PairUpdate update;
  // Of the findings that `outcomes` say; made by who tells them.
  std::vector<FindingNote> notes = {};
  std::vector<std::string> kept_back = {};  // ids of `diff` alarms that no person gets
  absl::Time at = absl::InfinitePast();     // counts where no outcome's is later
};

}  // namespace dcp::model
