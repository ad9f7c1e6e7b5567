// StateCore: what a StateStore does, without its lock and its log: the tables of the
// database, and beside them in memory what waits for each sink.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/job_run.h"
#include "model/outbox_queue.h"
#include "model/pair_state.h"
#include "model/ports/outbox.h"
#include "state/alarm_table.h"
#include "state/finding_table.h"
#include "state/job_table.h"
#include "state/pair_table.h"
#include "state/report_parts.h"
#include "state/retention.h"
#include "state/sqlite.h"

namespace dcp::state {

// The methods are those of StateStore.
class StateCore {
 public:
  using Outbox = model::Outbox;
  using Pair = std::pair<std::string, std::string>;  // check, target
  struct Options {
    size_t max_bytes_per_sink = 0;
    Retention retention;
  };
  struct ForgottenSink {
    std::string name;
    uint64_t waiting = 0;  // alarms that it will not get
  };

  // Reads everything that must be right in `db`.
  static absl::StatusOr<std::unique_ptr<StateCore>> Open(const Options& options,
                                                         std::unique_ptr<Database> db);
  ~StateCore();
  StateCore(const StateCore&) = delete;
  StateCore& operator=(const StateCore&) = delete;

  absl::Status Append(const model::Report& report, const std::vector<Outbox::Addressed>& alarms);

  // A report in parts. First what changes of findings: all of it, in any number of calls.
  // DropParts() before begins anew. REQUIRES: no part of an earlier report is left
  absl::Status DropParts(const std::string& check, const std::string& target);
  absl::Status AddPart(const model::Report& report, absl::Span<const model::OpenFinding> findings,
                       absl::Span<const model::Digest> closed);
  // Then all else, with which the report is stored: `parts` were added, and are left.
  absl::Status Append(const model::Report& report, const std::vector<Outbox::Addressed>& alarms,
                      uint64_t parts);
  // Then part by part what was added: nothing of it is read before.
  bool HasParts(const std::string& check, const std::string& target) const;
  // REQUIRES: HasParts()
  absl::Status TakePart(const std::string& check, const std::string& target);

  absl::Status MakeDurable();
  std::vector<Outbox::Head> Heads(const std::string& sink) const;
  // What could be read, and the error that ended it.
  absl::Status Next(const std::string& sink, const std::string& check, size_t max,
                    std::vector<Outbox::Entry>* next);
  // The delivery has ended, even if that cannot be stored now.
  absl::Status End(const std::string& sink, uint64_t sequence, bool put_aside);
  Outbox::Counts CountsOf(const std::string& sink) const;
  uint64_t NewestWaiting() const;
  bool Waits(uint64_t up_to) const;
  absl::StatusOr<std::optional<model::StoredPair>> Load(const std::string& check,
                                                        const std::string& target);
  absl::StatusOr<std::vector<model::IgnoreRule>> IgnoreRules();
  absl::StatusOr<uint64_t> CountQuiet(const std::string& check, const std::string& target,
                                      absl::Span<const model::Digest> keys, absl::Time now);
  absl::StatusOr<uint64_t> CountKeptBack(const std::string& check, const std::string& target,
                                         absl::Span<const model::Digest> keys);
  absl::StatusOr<bool> WasKeptBack(const std::string& check, const std::string& target,
                                   const std::string& alarm_id);
  absl::StatusOr<std::vector<ForgottenSink>> ForgetSinksExcept(const std::set<std::string>& names);
  absl::StatusOr<std::vector<Pair>> ForgetPairsExcept(const std::set<Pair>& pairs);

  absl::Status SaveJob(const std::string& job, const model::JobState& state,
                       const model::JobRun* run, const std::vector<model::TableProof>& proofs);
  JobTable& jobs() { return jobs_; }

 private:
  // A delivery that has ended and is not stored as such yet.
  struct Ended {
    AlarmTable::Delivery delivery;
    bool put_aside = false;
  };
  struct Added {
    uint64_t sequence = 0;
    const Outbox::Addressed* addressed = nullptr;
  };

  StateCore(const Options& options, std::unique_ptr<Database> db)
      : options_(options), db_(std::move(db)), jobs_(*db_) {}
  absl::Status ReadAll();
  absl::Status AgreeOnFindings();
  // What ended, and then `write`, in one transaction.
  absl::Status Write(const std::function<absl::Status()>& write);
  absl::Status WriteInTransaction(const std::function<absl::Status()>& write);
  absl::Status WriteEnded();
  absl::Status WriteReport(const model::Report& report,
                           const std::vector<Outbox::Addressed>& alarms, uint64_t parts,
                           std::vector<Added>* added);
  absl::Status WriteFindings(int64_t pair, absl::Span<const model::OpenFinding> findings,
                             absl::Span<const model::Digest> closed,
                             absl::Span<const std::string> kept_back, absl::Time now);
  absl::Status TakeParts();
  absl::Status TakePart(int64_t pair);
  absl::Status WriteOutcomes(const model::Report& report, int64_t pair);
  absl::Status ForgetSinks(const std::vector<ForgottenSink>& sinks);
  absl::Status ForgetPairs(const std::vector<Pair>& pairs);
  void Enqueue(const Added& added);
  void Enqueue(const std::string& sink, uint64_t sequence, const model::OutboxItemPtr& item);
  model::OutboxQueue& QueueOf(const std::string& sink);

  const Options options_;
  const std::unique_ptr<Database> db_;
  JobTable jobs_;
  std::unique_ptr<PairTable> pairs_;
  std::unique_ptr<FindingTable> findings_;
  std::unique_ptr<ReportParts> parts_;
  std::set<int64_t> with_parts_;  // pairs whose last report has parts to be taken
  std::unique_ptr<AlarmTable> alarms_;
  std::map<std::string, model::OutboxQueue> queues_;  // by sink
  std::vector<Ended> ended_;
};

}  // namespace dcp::state
