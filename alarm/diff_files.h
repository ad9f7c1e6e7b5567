// DiffFiles: for each diff with more rows than its alarm shows, a file with all of
// them: `<dir>/<alarm id>.jsonl`, one object per line as in an alarm's `diffs`.
//
// Bounded: the newest `keep` files stay, each of at most `max_bytes`; what is left
// out of a full file is said in its last line. A file that another process left is written
// anew. A disk that is full, read-only or fails is waited for, as it is with what is stored:
// the alarm could not be stored either. Thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/functional/function_ref.h"
#include "alarm/alarm.h"
#include "alarm/masking.h"
#include "base/clock.h"
#include "base/file_io.h"
#include "base/mutex.h"
#include "base/stopper.h"
#include "model/ports/diff_spill.h"

namespace dcp::alarm {

class DiffFiles final : public model::DiffSpill {
 public:
  struct Options {
    std::string dir = {};
    uint64_t max_bytes = uint64_t{1} << 30;
    size_t keep = 100;
    absl::Duration retry = absl::Milliseconds(500);
    FileIo* io = &FileIo::Real();
  };

  // `log` is told once per file that cannot be written. `clock` outlives it.
  DiffFiles(Options options, const Rendering& renderer, const Clock& clock, LogFunction log);

  // "": it cannot be written, and waiting is of no use or was given up.
  std::string Add(const std::string& alarm_id, const model::RowDiff& row) override
      ABSL_LOCKS_EXCLUDED(mu_);
  // From now on nothing is waited for.
  void GiveUpWaiting() { patience_.Stop(); }

 private:
  void Begin(const std::string& alarm_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RemoveOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Write(const std::string& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Insist(absl::FunctionRef<bool()> work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Options options_;
  const Rendering renderer_;
  const Clock& clock_;
  const LogFunction log_;
  Stopper patience_;

  Mutex mu_;
  // The file written last; another check's diff begins another one.
  std::string alarm_id_ ABSL_GUARDED_BY(mu_), path_ ABSL_GUARDED_BY(mu_);
  OpenFile file_ ABSL_GUARDED_BY(mu_);
  // Alarms whose files this has begun and not removed.
  std::set<std::string> begun_ ABSL_GUARDED_BY(mu_);
  uint64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  bool full_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dcp::alarm
