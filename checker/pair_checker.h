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

#include "absl/time/time.h"
#include "checker/options.h"
#include "model/change_batch.h"
#include "model/pair_state.h"
#include "model/ports/row_reader.h"
#include "model/verdict.h"

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
  uint64_t pending_keys = 0;
  uint64_t open_findings = 0;
  uint64_t dropped_before_start = 0;  // changes
  // Changes behind the newest barrier of each side: of a segment that is open still.
  uint64_t source_open_changes = 0, target_open_changes = 0;
};

class PairChecker {
 public:
  explicit PairChecker(PairOptions options);
  ~PairChecker();

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
