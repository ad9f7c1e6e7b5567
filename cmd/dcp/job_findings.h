// JobFindings takes what a verification finds, and makes the report of it: new differences,
// those that were known, those that are over, and what could not be verified.
//
// Events of one run at a time, from any thread; progress() from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "model/job_run.h"
#include "model/pair_state.h"
#include "model/ports/diff_spill.h"
#include "model/table.h"
#include "verifier/verification.h"

namespace dcp::cmd {

class JobFindings final : public verifier::VerificationEvents {
 public:
  // Rows in the alarm itself; the others are in its file.
  static constexpr size_t kShownRows = 100;
  // Differing rows that become findings; more are counted, and stand in the file.
  static constexpr size_t kMostFindings = 10'000;

  // What has been done so far. Thread-safe.
  struct Progress {
    std::atomic<uint64_t> tables{0}, tables_done{0}, rows{0}, rows_about{0};
  };

  // `head`: of the run. `open`: the job's findings before it. `registry` and `spill` outlive this.
  // `log` gets warnings and notes. `hides_keys`: what is undecided is told without the rows' keys.
  JobFindings(model::OutcomeHead head, std::vector<model::OpenFinding> open,
              model::TableRegistry* registry, model::DiffSpill* spill,
              std::function<void(absl::string_view)> log, bool hides_keys = false);

  void OnStart(const std::vector<verifier::TableTask>& tables, const std::string& sync) override;
  void OnWarning(const std::string& text) override { log_(text); }
  void OnNote(const std::string& text) override { log_(text); }
  void OnRows(const std::string& table, uint64_t rows) override;
  void OnShape(const verifier::TableShape& shape) override;
  void OnDifference(const verifier::Difference& difference) override;
  void OnTable(const verifier::TableResult& result) override;

  const Progress& progress() const { return progress_; }

  // ---- once the run has ended ----

  // A table that was compared from its first row to its last, every row of it decided.
  struct Decided {
    verifier::TableTask task;
    bool whole = false;                  // without a condition, and every column
    std::vector<model::Digest> unequal;  // keys that differ
  };
  const std::vector<Decided>& decided() const { return decided_; }

  // Of a run that came to its end. `at`: now.
  model::Report MakeReport(absl::Time at);
  // Of one that did not: what it found is said by the one that goes on with it. `reason`: word of
  // an `unverified`.
  static model::Report MakeUnverified(model::OutcomeHead head, const std::string& reason,
                                      const std::string& detail);

  // Counts and result of MakeReport().
  model::JobRun Summary() const;

 private:
  void AddNew(const verifier::Difference& difference, const model::Digest& key,
              const std::string& key_text);
  model::RowDiff ToRow(const verifier::Difference& difference, const model::Digest& key,
                       const std::string& key_text) const;
  void AddResolved(absl::Time at, model::Report* report);
  std::string Unverified(std::string* reason) const;

  // Constant after construction.
  const model::OutcomeHead head_;
  const std::vector<model::OpenFinding> open_;
  model::TableRegistry* const registry_;
  model::DiffSpill* const spill_;
  const std::function<void(absl::string_view)> log_;
  const bool hides_keys_;

  Progress progress_;
  std::vector<verifier::TableTask> tasks_;
  absl::flat_hash_map<std::string, const model::Table*> shapes_;  // by table
  absl::flat_hash_set<model::Digest> open_keys_, seen_;           // of open_; those seen again
  model::Verdict verdict_;
  std::vector<model::OpenFinding> new_;
  absl::flat_hash_map<std::string, std::vector<model::Digest>> unequal_;  // by table
  std::vector<Decided> decided_;
  std::map<std::string, std::string> undecided_tables_, skipped_tables_, schema_tables_;  // why
  model::JobRun counts_;
};

}  // namespace dcp::cmd
