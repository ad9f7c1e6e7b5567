// CheckRunner: the thread around one check: takes batches from collectors, feeds
// the pair checkers, sends outcomes on, and has differences confirmed.
//
// Thread-safe. Start() starts one thread, and one more per target with a
// RowReader. Stop() is idempotent, wakes everybody, and lets what has been
// appended be judged; also called by the destructor.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "checker/pair_checker.h"
#include "cmd/dcp/input_spill.h"
#include "cmd/dcp/memory_budget.h"
#include "cmd/dcp/spill_log.h"
#include "model/pair_state.h"
#include "model/ports/change_sink.h"
#include "model/ports/outcome_sink.h"
#include "model/ports/row_reader.h"
#include "model/ports/spill_store.h"

namespace dcp::cmd {

class CheckRunner {
 public:
  struct Target {
    checker::PairOptions options;
    // Confirms differences; null where rows cannot be read. Then options.confirm
    // must be false.
    std::unique_ptr<model::RowReader> reader;
    // What is stored of it, to go on from; nullopt: nothing.
    std::optional<model::StoredPair> stored = std::nullopt;
    std::string rules = {};  // model::PairState::rules
    // Where segments wait that do not fit into memory; null: intake waits instead.
    std::unique_ptr<model::SpillStore> source_store = nullptr, target_store = nullptr;
  };
  struct Options {
    std::string name;
    model::Tag source;
    MemoryBudget* memory = nullptr;  // never null; outlives the runner
    // Where batches wait that come while the worker is busy; null: intake waits instead.
    std::shared_ptr<InputSpill> inputs = nullptr;
    absl::Duration tick = absl::Milliseconds(200);
    // Gets a line when segments begin to wait on disk, cannot, and do not any more.
    std::function<void(absl::string_view line)> log = [](absl::string_view) {};
  };
  // Of all targets together.
  struct MemoryStatus {
    uint64_t used_bytes = 0, limit_bytes = 0;
    uint64_t spilled_segments = 0, spilled_bytes = 0;  // that wait on disk now
    uint64_t spill_failures = 0;                       // times that the disk did not take one
    uint64_t intake_waits = 0;                         // times that a stream was held up
  };
  struct TargetStatus {
    model::Tag target;
    checker::PairStatus pair;
    uint64_t same = 0, diff = 0, unverified = 0, timeouts = 0;
    uint64_t source_rows = 0, target_rows = 0;  // changes that were judged
    absl::Time last_verdict = absl::InfinitePast();
    uint64_t pending_bytes = 0;
    // Changes that came when nothing could be judged of them any more: see EndOfStream().
    uint64_t left_out = 0;
  };

  // `clock` and `sink` must outlive it.
  CheckRunner(Options options, std::vector<Target> targets, const Clock& clock,
              model::OutcomeSink* sink);
  ~CheckRunner();
  CheckRunner(const CheckRunner&) = delete;
  CheckRunner& operator=(const CheckRunner&) = delete;

  void Start();
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  bool uses(const model::Tag& tag) const;

  // See model::ChangeSink. REQUIRES: uses(tag)
  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) ABSL_LOCKS_EXCLUDED(mu_);
  // While the worker is busy batches wait on disk, or where they cannot for the worker. Waits
  // while this tag's stream is ahead of the others, the check holds more than its
  // share of the memory, and segments that wait cannot go to disk. A stream that the others
  // wait for is never held up.
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) ABSL_LOCKS_EXCLUDED(mu_);

  // Nothing more comes on `tag`. The others are not held up for it any more: what of theirs does
  // not find room and could only be judged with it is left out, and counted. REQUIRES: uses(tag)
  void EndOfStream(const model::Tag& tag) ABSL_LOCKS_EXCLUDED(mu_);

  // A verification job has proved that of a target's table: ends findings, once the streams have
  // come behind it. REQUIRES: `target` is a target of this check
  void NoteVerified(const model::Tag& target, model::VerifiedTable verified)
      ABSL_LOCKS_EXCLUDED(mu_);

  std::vector<TargetStatus> status() const ABSL_LOCKS_EXCLUDED(mu_);
  MemoryStatus memory() const ABSL_LOCKS_EXCLUDED(mu_);
  // Not OK: what waited on disk could not be read, and nothing is said any more. The program
  // has to be started again: what was said is stored, the rest is read again.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct End {};
  struct Input {
    model::Tag tag;
    std::variant<model::StreamOrigin, model::ChangeBatchPtr, model::SpillTicket, End,
                 model::VerifiedTable>
        what;
    checker::Instant at;
    uint64_t bytes = 0;  // in memory
  };
  struct Pair;

  checker::Instant Now() const { return {clock_.Now(), clock_.Monotonic()}; }
  bool IsBehind() const ABSL_LOCKS_EXCLUDED(mu_);
  bool MustWait(const Input& input) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Enqueue(Input input) ABSL_LOCKS_EXCLUDED(mu_);
  void Work() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for input, answers or the next tick; false: stopped and nothing left.
  bool Take(std::deque<Input>* inputs) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsCutOff() const;
  // Brings back what waited on disk; its bytes. False: nothing more can be judged.
  bool Load(Input* input, uint64_t* bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void Feed(Pair& pair, const Input& input);
  void Settle(Pair& pair);
  // Puts on disk what is over the limit. `waiting`: bytes of inputs, taken or not.
  void Relieve(uint64_t waiting) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Spill(uint64_t bytes);
  void GiveBack();
  void TellFailure(Pair& pair) ABSL_LOCKS_EXCLUDED(mu_);
  void Publish(Pair& pair) ABSL_LOCKS_EXCLUDED(mu_);
  void Confirm(Pair& pair) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const Options options_;
  const Clock& clock_;
  model::OutcomeSink* const sink_;
  const std::unique_ptr<MemoryBudget::Share> share_;
  std::vector<std::unique_ptr<Pair>> pairs_;

  // The worker's own.
  checker::Instant taken_at_;  // the input that is being worked on; of the worker
  uint64_t limit_ = 0;
  SpillLog spill_log_;
  absl::Duration gave_back_at_;  // monotonic

  mutable Mutex mu_;
  CondVar input_came_, room_came_, requests_came_;
  std::deque<Input> inputs_ ABSL_GUARDED_BY(mu_);
  uint64_t input_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool over_ ABSL_GUARDED_BY(mu_) = false;  // the limit, with all on disk that can be
  MemoryStatus memory_ ABSL_GUARDED_BY(mu_);
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread worker_;
};

// ChangeRouter: the ChangeSink of all collectors; hands each tag's stream to the
// checks that use it. Thread-safe; constant after construction.
class ChangeRouter final : public model::ChangeSink {
 public:
  explicit ChangeRouter(std::vector<CheckRunner*> runners) : runners_(std::move(runners)) {}

  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) override;
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) override;

 private:
  const std::vector<CheckRunner*> runners_;
};

}  // namespace dcp::cmd
