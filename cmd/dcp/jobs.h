// Jobs: the scheduled verification jobs of a daemon, what they have proven of the tables of its
// checks, and what is said where there is none.
//
// Thread-safe. Start(), RequestStop() and Stop() are called by one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cmd/dcp/inspect.h"
#include "cmd/dcp/job_coverage.h"
#include "cmd/dcp/job_runner.h"
#include "config/config.h"
#include "model/daemon_status.h"
#include "model/ports/diff_spill.h"
#include "model/ports/outcome_sink.h"
#include "model/table.h"
#include "model/verified_table.h"
#include "state/state_store.h"

namespace dcp::cmd {

class Jobs {
 public:
  // Runs of a term that are told apart from those of the one before.
  static constexpr uint64_t kNumbersOfTerm = 1'000'000;

  struct Parts {
    const config::Config& config;
    const std::vector<InspectedTag>& tags;  // needed by Create() only
    state::StateStore& state;
    model::OutcomeSink& sink;
    model::TableRegistry& tables;
    model::DiffSpill& spill;
    const Clock& clock;
    // Is told of each table of a check and target that a run has proven equal.
    std::function<void(const CoveredPair&, model::VerifiedTable)> verified;
    // Where several dcp take turns: starts before are another's business, and so are numbers of
    // runs up to there.
    absl::Time since = absl::InfinitePast();
    uint64_t numbers_from = 0;
  };

  // All parts but `tags` outlive it. Starts nothing.
  //   kUnavailable  a directory for checkpoints cannot be made
  //   and what state::StateStore says of what is stored
  static absl::StatusOr<std::unique_ptr<Jobs>> Create(const Parts& parts);

  void Start();
  void RequestStop();
  // Waits for the statements that runs are in. Idempotent.
  void Stop();

  std::vector<model::JobActivity> activities() const;
  // Of configured checks and targets, by check, target and table.
  std::vector<model::TableProof> proofs() const;

 private:
  explicit Jobs(const Parts& parts)
      : config_(parts.config), tags_(parts.tags), verified_(parts.verified) {}

  absl::Status Add(const config::JobOptions& job, const Parts& parts);
  std::vector<model::SeenBarrier> ReadBarriers(const config::JobOptions& job) const;
  std::vector<model::TableProof> Prove(const config::JobOptions& job,
                                       const std::vector<JobFindings::Decided>& decided,
                                       const model::JobState& state) const;

  // Constant after Create().
  const config::Config& config_;
  const std::vector<InspectedTag> tags_;
  const std::function<void(const CoveredPair&, model::VerifiedTable)> verified_;
  std::vector<model::TableProof> stored_;  // by earlier runs of the program
  std::vector<std::unique_ptr<JobRunner>> runners_;
};

// The names under which what a job says is stored: as of a check and target.
std::pair<std::string, std::string> JobPair(const config::JobOptions& job);

// For the log of a daemon that begins without a job: what no check sees, and a [[job]] that does.
// Empty: no check has two servers to be compared.
std::string OfferJob(const config::Config& config);

}  // namespace dcp::cmd
