// What is known of verification jobs that run by a schedule: values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace dcp::model {

// One run, or a start that did not become one.
struct JobRun {
  enum class Result : uint8_t {
    kRunning,
    kSame,        // every row was compared and is the same
    kDiff,        // rows differ
    kUnverified,  // something is undecided or was skipped, and nothing that was decided differs
    kUnfinished,  // it ended at its longest duration; the next one goes on
    kFailed,      // it could not begin
    kMissed,      // nothing was started when it should have been
  };
  static constexpr size_t kResults = 7;
  uint64_t number = 0;  // from 1 on
  Result result = Result::kRunning;
  absl::Time started;
  absl::Time ended = absl::InfinitePast();  // not while it runs
  uint64_t tables = 0, rows = 0, different = 0, undecided = 0, skipped = 0;
  std::string detail;  // for people

  friend bool operator==(const JobRun&, const JobRun&) = default;
};

// "running", "same", "diff", "unverified", "unfinished", "failed", "missed".
const char* ToString(JobRun::Result result);

// The newest barriers that the streams of a check and target had shown; 0: none yet.
struct SeenBarrier {
  std::string check, target;
  uint64_t of_source = 0, of_target = 0;

  friend bool operator==(const SeenBarrier&, const SeenBarrier&) = default;
};

// The epoch of what a job says: no barrier has it. `source` and `target` are servers then, and `to`
// is the number of the run.
inline constexpr uint64_t kJobEpoch = 0;

// What a job goes on with after a restart.
struct JobState {
  absl::Time handled = absl::InfinitePast();  // starts up to then were begun, or said to be missed
  uint64_t open_run = 0;                      // its number; 0: none
  // When the first row was read of what is being compared, if need be by an earlier run that is
  // gone on with; and the barriers then.
  absl::Time begun = absl::InfinitePast();
  std::vector<SeenBarrier> barriers;

  friend bool operator==(const JobState&, const JobState&) = default;
};

// A table of a check and target that a job has compared as a whole and found equal: what changed
// since the barrier is the streams' to prove.
struct TableProof {
  std::string check, target, table;
  std::string job;
  uint64_t offset = 0;
  absl::Time at;  // when the job began

  friend bool operator==(const TableProof&, const TableProof&) = default;
};

}  // namespace dcp::model
