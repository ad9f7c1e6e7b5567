// Outage and SourceSilence: the clock's only say, and it decides nothing. A target that has not
// closed a segment `timeout` after the source did is late; a source that sends no barrier gives
// nothing to judge. One timeout for each such time, and one resolved.
//
// Thread-compatible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "checker/options.h"
#include "checker/pair_checker.h"
#include "checker/pairer.h"
#include "checker/stream_cutter.h"
#include "model/verdict.h"

namespace dcp::checker {

class Outage {
 public:
  explicit Outage(const PairOptions& options) : options_(options) {}

  // A segment that the source closed at `since` is being closed at `now`.
  bool IsLate(absl::Duration since, const Instant& now) const {
    return now.monotonic - since >= options_.timeout;
  }

  // Of a run that is taken up again: the outage that was said, and whose segment is not
  // closed before the run has come there again.
  void Restore(const model::OutcomeHead& said) {
    said_ = said;
    restored_ = true;
  }
  // The target has closed all segments up to this barrier; kNowhere: that run is over.
  static constexpr uint64_t kNowhere = UINT64_MAX;
  void ClosedTo(uint64_t offset) {
    if (restored_ && offset >= said_->to) restored_ = false;
  }
  const std::optional<model::OutcomeHead>& said() const { return said_; }

  // `waiting`: the oldest segment that the target has not closed. `detail` tells the
  // reader why, and is asked where a timeout is said only.
  void Update(const std::optional<Pairer::Waiting>& waiting, uint64_t epoch,
              uint64_t target_barrier, absl::FunctionRef<std::string()> detail, const Instant& now,
              std::vector<model::Outcome>* outcomes);

 private:
  const PairOptions options_;
  std::optional<model::OutcomeHead> said_;  // of the open outage
  bool restored_ = false;
};

class SourceSilence {
 public:
  explicit SourceSilence(const PairOptions& options) : options_(options) {}

  // What was said before a restart; it does not end before a newer barrier than that knew.
  void Restore(const model::OutcomeHead& said) {
    said_ = said;
    restored_ = true;
  }
  const std::optional<model::OutcomeHead>& said() const { return said_; }

  void Update(const StreamCutter& source, uint64_t epoch, const Instant& now,
              std::vector<model::Outcome>* outcomes);

 private:
  // Since when it has been silent; nullopt: it is not.
  std::optional<absl::Duration> Since(const StreamCutter& source, const Instant& now);

  const PairOptions options_;
  std::optional<absl::Duration> begun_;     // the first Update()
  std::optional<model::OutcomeHead> said_;  // of the timeout that lasts
  bool restored_ = false;
};

}  // namespace dcp::checker
