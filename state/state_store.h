// StateStore: what must survive a restart, in one directory: what is known of each
// (check, target), the history of verdicts, and the alarms that sinks have still to
// get. docs/state.md describes the directory for its owner.
//
// A report is one transaction: after a kill -9 at any instant all of it is there, or
// nothing of it. A commit does not wait for the disk (WAL, synchronous = NORMAL). That
// is enough: a power loss may take the last commits, but always from a report on, and
// never tears one. The streams are then read again from what is stored, so that what was
// taken is found out again, under the same identities and alarm ids; an alarm that a
// sink had got is delivered once more, with the id by which it tells.
//
// A report that changes very many findings is stored in parts, between which others get their turn:
// what changes of findings first, which counts for nothing yet, then in one transaction all else,
// with which it is stored; then what changes of findings is brought to its place. Whoever reads
// the database meanwhile sees some of these findings as they were before. After a kill -9 Open()
// does what is left.
//
// The id of an alarm, once stored, is known for as long as the verdicts are kept, and an
// alarm with it is not stored again, delivered or not. So what a replay finds out again
// is not said again.
//
// What waits for a sink is bounded as model/outbox_queue.h says; counts of what was
// given up are of this process, those of what was put aside are stored. Where a
// delivery cannot be noted as done, it is noted with the next write that works; a
// restart in between delivers it again.
//
// Thread-safe. Calls take as long as the disk does.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/fair_mutex.h"
#include "base/mutex.h"
#include "model/ports/finding_marks.h"
#include "model/ports/outbox.h"
#include "model/ports/pair_states.h"
#include "state/lock_file.h"
#include "state/open_database.h"
#include "state/retention.h"
#include "state/state_core.h"

namespace dcp::state {

class StateStore final : public model::Outbox,
                         public model::PairStates,
                         public model::FindingMarks {
 public:
  using LogFunction = std::function<void(absl::string_view line)>;
  using Pair = std::pair<std::string, std::string>;  // check, target

  struct Options {
    std::string dir;
    size_t max_bytes_per_sink = size_t{64} << 20;
    Retention retention = {};
    Disk disk = {};
    // Findings that a report changes: with more of them it is stored in parts of so many.
    size_t changes_per_part = 5000;
    // After each part that was taken. Any thread, never under a lock of this.
    std::function<void()> part_taken = [] {};
    // After each report that was stored. Any thread, never under a lock of this.
    std::function<void()> stored = [] {};
    // Gets what only the operator can mend. Never under a lock of this.
    LogFunction log = [](absl::string_view) {};
  };

  // Creates the directory and the database where they are not there, brings an older
  // database to the present form, and reads all that must be right in it.
  //   kFailedPrecondition  another process holds the directory; it cannot be written; a
  //                        newer dcp wrote it
  //   kResourceExhausted   no room
  //   kDataLoss            it is damaged; nothing was changed
  //   kUnavailable         the disk fails
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(Options options);

  // True: Open() began an empty state.
  bool is_new() const { return is_new_; }

  // kResourceExhausted, kFailedPrecondition, kUnavailable and kDataLoss as in
  // state/sqlite.h: nothing of it is stored, and the same call may succeed later.
  absl::Status Append(const model::Report& report, const std::vector<Addressed>& alarms) override
      ABSL_LOCKS_EXCLUDED(mu_);
  // What was stored outlives a power loss too. The codes of Append().
  absl::Status MakeDurable() ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<Head> Heads(const std::string& sink) const override ABSL_LOCKS_EXCLUDED(mu_);
  // Fewer, or none, where they cannot be read now, which is logged.
  std::vector<Entry> Next(const std::string& sink, const std::string& check, size_t max) override
      ABSL_LOCKS_EXCLUDED(mu_);
  void Acknowledge(const std::string& sink, uint64_t sequence) override ABSL_LOCKS_EXCLUDED(mu_);
  void PutAside(const std::string& sink, uint64_t sequence) override ABSL_LOCKS_EXCLUDED(mu_);
  Counts CountsOf(const std::string& sink) const override ABSL_LOCKS_EXCLUDED(mu_);
  // The sequence of the newest alarm that waits for any sink; 0: none waits.
  uint64_t NewestWaiting() const ABSL_LOCKS_EXCLUDED(mu_);
  // Whether any sink has still to get an alarm of a sequence up to that.
  bool Waits(uint64_t up_to) const ABSL_LOCKS_EXCLUDED(mu_);

  absl::StatusOr<std::optional<model::StoredPair>> Load(const std::string& check,
                                                        const std::string& target) override
      ABSL_LOCKS_EXCLUDED(mu_);

  absl::StatusOr<std::vector<model::IgnoreRule>> IgnoreRules() override ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<uint64_t> CountQuiet(const std::string& check, const std::string& target,
                                      absl::Span<const model::Digest> keys, absl::Time now) override
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<uint64_t> CountKeptBack(const std::string& check, const std::string& target,
                                         absl::Span<const model::Digest> keys) override
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<bool> WasKeptBack(const std::string& check, const std::string& target,
                                   const std::string& alarm_id) override ABSL_LOCKS_EXCLUDED(mu_);

  using ForgottenSink = StateCore::ForgottenSink;
  // Drops what waits for sinks that are not among `names`, and tells which.
  absl::StatusOr<std::vector<ForgottenSink>> ForgetSinksExcept(const std::set<std::string>& names)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Drops the state, findings, history and known alarm ids of pairs that are not among
  // `pairs`, and tells which. What waits for sinks of them is delivered all the same.
  absl::StatusOr<std::vector<Pair>> ForgetPairsExcept(const std::set<Pair>& pairs)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Of verification jobs: all of it, or nothing. `run` may be null. The codes of Append().
  absl::Status SaveJob(const std::string& job, const model::JobState& state,
                       const model::JobRun* run, const std::vector<model::TableProof>& proofs = {})
      ABSL_LOCKS_EXCLUDED(mu_);
  // nullopt: it is not known. Each: kDataLoss and kUnavailable as Load().
  absl::StatusOr<std::optional<model::JobState>> LoadJob(const std::string& job)
      ABSL_LOCKS_EXCLUDED(mu_);
  // The last ones, the newest first.
  absl::StatusOr<std::vector<model::JobRun>> LoadJobRuns(const std::string& job)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::vector<model::TableProof>> LoadTableProofs() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Something that may fail for a while: logged when it begins and when it ends.
  class Complaint {
   public:
    Complaint(std::string failing, std::string working, const LogFunction& log);
    void Note(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

   private:
    const std::string failing_, working_;
    const LogFunction log_;
    Mutex mu_;
    bool failed_ ABSL_GUARDED_BY(mu_) = false;
  };

  StateStore(Options options, LockFile lock, std::unique_ptr<StateCore> core, bool is_new);
  void End(const std::string& sink, uint64_t sequence, bool put_aside) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status AppendInParts(const model::Report& report, const std::vector<Addressed>& alarms)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<uint64_t> AddParts(const model::Report& report) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status TakeParts(const std::string& check, const std::string& target)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const Options options_;
  const LockFile lock_;  // longer than the database
  const bool is_new_;

  Complaint writes_{
      "what alarm sinks have got cannot be stored, and would be sent again after a "
      "restart",
      "what alarm sinks have got is stored again", options_.log};
  Complaint reads_{"alarms that wait for a sink cannot be read",
                   "alarms that wait for sinks can be read again", options_.log};

  mutable FairMutex mu_;
  const std::unique_ptr<StateCore> core_ ABSL_PT_GUARDED_BY(mu_);
};

}  // namespace dcp::state
