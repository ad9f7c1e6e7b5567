// JobTable: verification jobs that run by a schedule: what each goes on with, its last runs, and
// the tables that were proven equal. Every change stands in a transaction of the caller.
//
// Thread-compatible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/job_run.h"
#include "state/sqlite.h"

namespace dcp::state {

class JobTable {
 public:
  static constexpr int64_t kKeptRuns = 100;  // of each job

  explicit JobTable(Database& db) : db_(db) {}

  absl::Status SaveState(const std::string& job, const model::JobState& state);
  // Replaces the one of its number, and drops the oldest ones.
  absl::Status SaveRun(const std::string& job, const model::JobRun& run);
  absl::Status SaveProof(const model::TableProof& proof);

  // Each: kDataLoss  it is not as it was written
  absl::StatusOr<std::optional<model::JobState>> LoadState(const std::string& job);
  // The newest first.
  absl::StatusOr<std::vector<model::JobRun>> LoadRuns(const std::string& job);
  absl::StatusOr<std::vector<model::TableProof>> LoadProofs();

 private:
  Database& db_;
};

}  // namespace dcp::state
