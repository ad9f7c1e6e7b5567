// CheckRunner: the thread around one check: takes batches from collectors, feeds
// the pair checkers, sends outcomes on, and has differences confirmed.
//
// Thread-safe. Start() starts one thread, and one more per target with a
// RowReader. Stop() is idempotent, wakes everybody, and lets what has been
// appended be judged; also called by the destructor.
#pragma once

#include <cstdint>
#include <deque>
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
#include "model/pair_state.h"
#include "model/ports/change_sink.h"
#include "model/ports/outcome_sink.h"
#include "model/ports/row_reader.h"

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
  };
  struct Options {
    std::string name;
    model::Tag source;
    // Of batches that wait to be judged, over all sides of this check.
    uint64_t max_bytes = uint64_t{256} << 20;
    absl::Duration tick = absl::Milliseconds(200);
  };
  struct TargetStatus {
    model::Tag target;
    checker::PairStatus pair;
    uint64_t same = 0, diff = 0, unverified = 0, timeouts = 0;
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
  // Waits while this tag's stream is ahead of the others and over its share of
  // max_bytes. A stream that the others wait for is never held up.
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) ABSL_LOCKS_EXCLUDED(mu_);

  // Nothing more comes on `tag`. The others are not held up for it any more: what of theirs does
  // not find room and could only be judged with it is left out, and counted. REQUIRES: uses(tag)
  void EndOfStream(const model::Tag& tag) ABSL_LOCKS_EXCLUDED(mu_);

  std::vector<TargetStatus> status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct End {};
  struct Input {
    model::Tag tag;
    std::variant<model::StreamOrigin, model::ChangeBatchPtr, End> what;
    checker::Instant at;
    uint64_t bytes = 0;
  };
  struct Pair;

  checker::Instant Now() const { return {clock_.Now(), clock_.Monotonic()}; }
  uint64_t share() const;
  bool MustWait(const model::Tag& tag) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Enqueue(Input input) ABSL_LOCKS_EXCLUDED(mu_);
  void Work() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for input, answers or the next tick; false: stopped and nothing left.
  bool Take(std::deque<Input>* inputs) ABSL_LOCKS_EXCLUDED(mu_);
  void Feed(Pair& pair, const Input& input);
  void Settle(Pair& pair);
  void Publish(Pair& pair) ABSL_LOCKS_EXCLUDED(mu_);
  void Confirm(Pair& pair) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const Options options_;
  const Clock& clock_;
  model::OutcomeSink* const sink_;
  std::vector<std::unique_ptr<Pair>> pairs_;

  mutable Mutex mu_;
  CondVar input_came_, room_came_, requests_came_;
  std::deque<Input> inputs_ ABSL_GUARDED_BY(mu_);
  uint64_t input_bytes_ ABSL_GUARDED_BY(mu_) = 0;
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
