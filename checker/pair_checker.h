// PairChecker judges one check for one target: two streams in, outcomes out.
// The rules are docs/semantics.md. Pure: no thread, no clock, no I/O; time comes
// in as an argument.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checker/options.h"
#include "model/change_batch.h"
#include "model/pair_state.h"
#include "model/ports/row_reader.h"
#include "model/ports/spill_store.h"
#include "model/verdict.h"
#include "model/verified_table.h"

namespace dcp::checker {

enum class Side : uint8_t { kSource, kTarget };

// The same moment on both clocks: wall time is shown, monotonic time measured.
struct Instant {
  absl::Time wall;
  absl::Duration monotonic;
};

// A row to be read on both sides before a difference is said.
struct ConfirmRequest {
  uint64_t id = 0;
  model::RowRequest row;
};

struct ConfirmAnswer {
  uint64_t id = 0;
  model::RowAnswer row;
  // The barrier offset that the target held when it was read, if it could be.
  std::optional<uint64_t> target_barrier;
};

// For /status and logs.
struct PairStatus {
  Align align = Align::kAuto;  // kAuto: not decided yet
  std::string align_reason;
  bool running = false;  // a first common barrier was found
  uint64_t epoch = 1;
  uint64_t last_judged = 0;  // offset of the last barrier up to which verdicts were said
  uint64_t source_barrier = 0, target_barrier = 0;  // last seen
  uint64_t pending_segments = 0;                    // source segments not closed by the target
  // Since when the oldest of them waits; monotonic.
  std::optional<absl::Duration> waiting_since = std::nullopt;
  uint64_t pending_keys = 0;
  uint64_t open_findings = 0;
  uint64_t dropped_before_start = 0;  // changes
  // Changes behind the newest barrier of each side: of a segment that is open still.
  uint64_t source_open_changes = 0, target_open_changes = 0;
};

// What is held for one side, and what of it is not in memory.
struct SideMemory {
  uint64_t resident_bytes = 0;  // about
  uint64_t spilled_segments = 0;
  uint64_t spilled_bytes = 0;  // in the store
};

class PairChecker {
 public:
  explicit PairChecker(PairOptions options);
  ~PairChecker();

  // Where closed segments of `side` can wait. Without it they wait in memory.
  void SetStore(Side side, std::unique_ptr<model::SpillStore> store);
  // Frees so many bytes, or what it can, by putting segments into the stores that wait for
  // the other side. Not OK: what a store says; the rest stays in memory.
  absl::Status Spill(uint64_t bytes);
  // How many bytes may be taken by what is remembered of keys that both sides agree about.
  void SetMaxKeyBytes(uint64_t bytes);
  // About: all that is held in memory.
  uint64_t resident_bytes() const;
  SideMemory memory(Side side) const;
  // Not OK: a store did not give back what it had got. Nothing is said of any segment any
  // more, and nothing that is to be stored: another PairChecker has to read the streams again.
  absl::Status failure() const;

  // Goes on from what was stored with the reports. Without a run in it, or where its
  // barrier is not shown again, what follows `said_to` is unverified. Call before
  // anything else.
  void Restore(const model::StoredPair& stored);

  // A stream begins, or begins anew after it lost continuity.
  void Open(Side side, model::StreamOrigin origin, const Instant& now);
  // REQUIRES: Open() was called for `side`.
  void Append(Side side, model::ChangeBatchPtr batch, const Instant& now);
  // Lets time pass: raises and ends timeouts.
  void Tick(const Instant& now);
  void Answer(const std::vector<ConfirmAnswer>& answers, const Instant& now);

  // Ends findings: see Judge::NoteVerified(). Nothing happens between two runs.
  void NoteVerified(model::VerifiedTable verified);

  // What is to be said since the last call, in order, and what is to be stored with it,
  // so that another PairChecker can go on from there.
  model::Report TakeReport();
  // Rows to be read; each is answered once. Empty without options.confirm.
  std::vector<ConfirmRequest> TakeRequests();

  PairStatus status() const;
  // True if this side is ahead: what it holds waits for the other side, and more of
  // it would change nothing. Only such a side's intake may be slowed down.
  bool ahead(Side side) const;
  // Bytes held by batches of this side that are not judged yet.
  uint64_t pending_bytes(Side side) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcp::checker
