// Wait: for a cut-over, until both sides of checks are proven to be equal up to a place in the
// source's stream. docs/control.md says what is proven.
//
// Everything is decided by places; the clock only ends the waiting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cmd/dcp/colours.h"
#include "model/ports/proof_source.h"

namespace dcp::cmd {

// Exit statuses of `dcp wait` beside 0.
inline constexpr int kWaitDifferent = 2;
inline constexpr int kWaitNotInTime = 4;  // or not at all

struct WaitOptions {
  std::vector<std::string> checks;
  std::string gtid;
  std::optional<uint64_t> barrier;
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration pause = absl::Milliseconds(200);  // between two looks
};

struct TargetResult {
  model::ProofMark mark;
  model::Proof proof;
  model::Standing standing = model::Standing::kPending;
  std::string why;  // of no mark or proof: what was said last
};

struct WaitResult {
  absl::Status error;  // not OK: nothing was decided, and waiting would not help
  int exit_code = 0;
  std::vector<TargetResult> targets;
};

// Ends when every target is proven to be equal, when one cannot be, when all that are left are
// decided, or in time. What passes (a daemon that is started again, a source that is not there yet)
// is waited for.
WaitResult Wait(const WaitOptions& options, model::ProofSource& source, const Clock& clock);

// One line, without its end.
std::string WaitText(const TargetResult& target, const Colours& colours);
std::string WaitJson(const TargetResult& target);

}  // namespace dcp::cmd
