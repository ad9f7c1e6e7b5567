// JobRunner starts one job by its schedule, one run at a time, and says what it found.
//
// A run that a stop interrupts goes on, by its checkpoint, when the next JobRunner of the same
// state starts. One that is over its longest duration is said to be unverified, and the next start
// goes on with it. Starts that were missed are said too.
//
// Thread-safe. Start() starts one thread, and one more for each run. Start(), RequestStop() and
// Stop() are called by one owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"
#include "cmd/dcp/job_findings.h"
#include "cmd/dcp/job_timetable.h"
#include "config/config.h"
#include "model/daemon_status.h"
#include "model/job_run.h"
#include "model/ports/outcome_sink.h"
#include "state/state_store.h"
#include "verifier/verification.h"

namespace dcp::cmd {

class JobRunner {
 public:
  // As verifier::RunVerification() with a clock.
  using Verify = std::function<absl::Status(const verifier::VerificationOptions& options,
                                            const verifier::Pause& pause,
                                            verifier::VerificationEvents& events)>;
  struct Options {
    config::JobOptions job;     // with a schedule
    uint64_t numbers_from = 0;  // numbers of runs are greater
    // File; its directory is there. Empty: a run that is stopped begins anew.
    std::string checkpoint;
    bool hides_keys = false;  // no text names the key of a row
    // Starts before are nobody's or another's business.
    absl::Time since = absl::InfinitePast();
    absl::Duration look_every = absl::Seconds(1);
    Verify verify;
    // The barriers now, by SQL, of the checks that the job may prove something of.
    std::function<std::vector<model::SeenBarrier>()> barriers;
    // What the tables prove that a run has decided.
    std::function<std::vector<model::TableProof>(const std::vector<JobFindings::Decided>&,
                                                 const model::JobState&)>
        prove;
    std::function<void(absl::string_view)> info = [](absl::string_view) {};
    std::function<void(absl::string_view)> warn = [](absl::string_view) {};
  };

  // All outlive it.
  JobRunner(Options options, state::StateStore& state, model::OutcomeSink& sink,
            model::TableRegistry* registry, model::DiffSpill* spill, const Clock& clock);
  ~JobRunner() { Stop(); }
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  // Reads what is stored of the job. To be called first.
  //   as of StateStore::LoadJob
  absl::Status Load();

  void Start();
  void RequestStop() { stopper_.Stop(); }
  // Waits for the statement that a run is in. Idempotent.
  void Stop();

  model::JobActivity activity() const ABSL_LOCKS_EXCLUDED(mu_);
  // What the job has proven in this process. Thread-safe.
  std::vector<model::TableProof> proofs() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Missed {
    uint64_t count = 0;
    absl::Time first, last;
    std::string why;
  };

  void Watch() ABSL_LOCKS_EXCLUDED(mu_);
  void TakeUp() ABSL_LOCKS_EXCLUDED(mu_);
  void Look() ABSL_LOCKS_EXCLUDED(mu_);
  void Miss(const Missed& missed) ABSL_LOCKS_EXCLUDED(mu_);
  // `handled`: up to which starts are handled then.
  void TellMissed(absl::Time handled) ABSL_LOCKS_EXCLUDED(mu_);
  void Begin(uint64_t number) ABSL_LOCKS_EXCLUDED(mu_);
  void Run(uint64_t number) ABSL_LOCKS_EXCLUDED(mu_);
  void Finish(const absl::Status& status, const model::OutcomeHead& head, JobFindings& findings)
      ABSL_LOCKS_EXCLUDED(mu_);
  model::Report ReportOf(const absl::Status& status, model::OutcomeHead head, JobFindings& findings,
                         model::JobRun* run) const;
  void NoteBegun() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Admit() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status PauseFor(absl::Duration time);
  void SetPaused(bool paused) ABSL_LOCKS_EXCLUDED(mu_);
  void Store(const model::JobRun* run, const std::vector<model::TableProof>& proofs = {})
      ABSL_LOCKS_EXCLUDED(mu_);
  model::OutcomeHead HeadOf(uint64_t number) const;
  uint64_t NextNumber() ABSL_LOCKS_EXCLUDED(mu_);
  void Merge(const std::vector<model::TableProof>& proofs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Keep(const model::JobRun& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const Options options_;
  const std::string source_, target_;  // servers
  state::StateStore& store_;
  model::OutcomeSink& sink_;
  model::TableRegistry* const registry_;
  model::DiffSpill* const spill_;
  const Clock& clock_;

  // The watching thread's own.
  std::optional<JobTimetable> timetable_;
  Missed missed_;         // and not told yet
  absl::Duration began_;  // the run that goes on, monotonic
  std::thread run_;

  Stopper stopper_;
  std::atomic<bool> over_{false};     // the run is to end: it takes too long
  std::atomic<bool> running_{false};  // set by the watching thread, cleared by the run
  std::thread watch_;

  mutable Mutex mu_;
  model::JobState job_ ABSL_GUARDED_BY(mu_);
  std::vector<model::JobRun> runs_ ABSL_GUARDED_BY(mu_);  // the newest first
  uint64_t last_number_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Time> next_ ABSL_GUARDED_BY(mu_);
  bool paused_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<const JobFindings> findings_ ABSL_GUARDED_BY(mu_);  // of the run that goes on
  std::vector<model::TableProof> proofs_ ABSL_GUARDED_BY(mu_);
  model::JobActivity counts_ ABSL_GUARDED_BY(mu_);  // the counts of it
};

}  // namespace dcp::cmd
