// Recheck: decides which suspected rows really differ, while both sides are written to.
//
// A round reads the source's rows, fixes a point behind that (SyncPoint), waits until the target
// has passed it, reads the target's rows, and then the source's once more. Of one row:
//   equal      the target's row is one of the two of the source. That ends it.
//   steady     the source's two are the same, and the target has another
//   changing   neither
// A row differs that is steady in `rounds` rounds one behind the other, source and target holding
// the same in all of them. (One round proves nothing: a row may change and change back between the
// source's two reads, and the target be read in between.) What is neither equal nor different
// after `max_rounds` is undecided: it changes all the time, and is left to the check of the
// streams. A read that fails decides nothing; one that fails in `max_failures` rounds makes its
// row undecided.
//
// Each row is judged by itself: a hot one does not hold up, hide or change another.
// Thread-compatible; keeps no state between calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "verifier/sync_point.h"

namespace dcp::verifier {

// What a side holds of one key.
struct SideRow {
  absl::Status status;                 // not OK: nothing is known
  std::optional<std::string> content;  // nullopt: no row
};

// Reads the present rows of keys in canonical binary form: one answer per key, in order.
class RowLookup {
 public:
  virtual ~RowLookup() = default;
  virtual std::vector<SideRow> ReadSource(const std::vector<std::string>& keys) = 0;
  virtual std::vector<SideRow> ReadTarget(const std::vector<std::string>& keys) = 0;
};

struct RecheckOptions {
  int rounds = 5;
  int max_rounds = 30;
  int max_failures = 3;
  // Between two rounds: from the first, doubling up to the last, shortened at random by up to a
  // half.
  absl::Duration first_pause = absl::Milliseconds(20);
  absl::Duration last_pause = absl::Milliseconds(500);
  // Where the sides do not replicate: that many rounds, that far apart.
  int unsynced_rounds = 2;
  absl::Duration unsynced_pause = absl::Seconds(1);
};

struct RowVerdict {
  enum class Kind : uint8_t { kEqual, kDifferent, kUndecided };
  Kind kind = Kind::kUndecided;
  std::string key;
  std::optional<std::string> source;  // kDifferent
  std::optional<std::string> target;
  std::string reason;  // kUndecided
};

// Calls `found` once per key, as soon as it is decided.
//   kCancelled  stopped; keys that are not decided have not been named
absl::Status Recheck(const std::vector<std::string>& keys, const RecheckOptions& options,
                     RowLookup& rows, SyncPoint& sync, const Pause& pause,
                     const std::function<void(RowVerdict)>& found);

}  // namespace dcp::verifier
