// DiffFiles: for each diff with more rows than its alarm shows, a file with all of
// them: `<dir>/<alarm id>.jsonl`, one object per line as in an alarm's `diffs`.
//
// Bounded: the newest `keep` files stay, each of at most `max_bytes`; what is left
// out of a full file is said in its last line. A file that another process left is written
// anew. Thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "alarm/alarm.h"
#include "alarm/masking.h"
#include "base/mutex.h"
#include "model/ports/diff_spill.h"

namespace dcp::alarm {

class DiffFiles final : public model::DiffSpill {
 public:
  struct Options {
    std::string dir = {};
    uint64_t max_bytes = uint64_t{1} << 30;
    size_t keep = 100;
  };

  // `log` is told once per file that cannot be written.
  DiffFiles(Options options, const Rendering& renderer, LogFunction log);

  std::string Add(const std::string& alarm_id, const model::RowDiff& row) override
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void Begin(const std::string& alarm_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RemoveOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Write(const std::string& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Options options_;
  const Rendering renderer_;
  const LogFunction log_;

  Mutex mu_;
  // The file written last; another check's diff begins another one.
  std::string alarm_id_ ABSL_GUARDED_BY(mu_), path_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<std::FILE, Close> file_ ABSL_GUARDED_BY(mu_);
  // Alarms whose files this has begun and not removed.
  std::set<std::string> begun_ ABSL_GUARDED_BY(mu_);
  uint64_t written_ ABSL_GUARDED_BY(mu_) = 0;
  bool full_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace dcp::alarm
