// SegmentLog: the segments of a run whose verdicts are not said yet, and the
// order in which they are said: each when no key of it waits any more and all
// earlier ones were said.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "checker/finding_changes.h"
#include "checker/findings.h"
#include "checker/key_history.h"
#include "checker/options.h"
#include "checker/segment.h"
#include "model/pair_state.h"

namespace dcp::checker {

class SegmentLog {
 public:
  // `findings` must outlive it.
  SegmentLog(const PairOptions& options, const Findings& findings)
      : options_(options), findings_(findings) {}

  // Verdicts up to barrier `said_to` of the next run were said before a restart: nothing
  // is said of those segments, as long as that run lasts.
  void ContinueFrom(uint64_t said_to) { said_to_ = said_to; }

  // A run begins at barrier `offset`, which gets index 0. REQUIRES: no segment waits.
  void StartRun(uint64_t epoch, uint64_t offset);
  // Says unverified of all that waits.
  void EndRun(const std::string& reason, const std::string& detail, absl::Time now);

  // Adds the next segment; returns its index (1, 2, ...).
  Index Add(const SegmentPair& pair);
  Index last() const { return first_ + static_cast<Index>(records_.size()) - 1; }
  bool waits(Index i) const { return i >= first_ && i <= last(); }

  void KeyWaits(Index i) { ++At(i).waiting; }
  void KeySeen(Index i) { --At(i).waiting; }
  void AddKnown(Index i, const model::Digest& key);
  bool said_before(Index i) const { return At(i).verdict.head.to <= said_to_; }
  // `row` is dropped beyond max_diff_rows, but counted.
  void AddDiff(Index i, model::RowDiff row);
  // The first reason stands.
  void Unverify(Index i, const std::string& reason, const std::string& detail,
                const std::string& table);
  // `alarm_id` is empty if other keys of that alarm are still open.
  // Said behind the verdict of segment `i`, or at once if that was said. `job`: the verification
  // that showed it; empty: the streams did.
  void AddResolved(Index i, const std::string& alarm_id, const model::Digest& key,
                   std::string key_text, const std::string& job = "");
  std::string DiffAlarmId(Index i) const;

  // What is to be stored with the verdict of segment `i`, or at once if that was said.
  void AddFinding(Index i, model::OpenFinding finding);
  void CloseFinding(Index i, const model::Digest& key);

  // Says what can be said.
  void Flush(absl::Time now);
  std::vector<model::Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  // Of the findings, with what was said since the last call.
  FindingChanges TakeFindingChanges() { return std::exchange(changes_, {}); }
  uint64_t last_judged() const { return last_said_.to; }

 private:
  struct Resolving {
    std::vector<std::string> alarm_ids, keys;
    std::vector<model::Digest> digests;  // of keys
  };
  struct Record {
    model::Verdict verdict;
    FindingChanges changes;
    uint64_t waiting = 0;                        // keys
    std::map<std::string, Resolving> resolving;  // by job
  };
  Record& At(Index i) { return records_[static_cast<size_t>(i - first_)]; }
  const Record& At(Index i) const { return records_[static_cast<size_t>(i - first_)]; }
  void Spill(Index i, const model::RowDiff& row);
  FindingChanges& ChangesAt(Index i);
  void Say(Record record, absl::Time now);
  void SayResolved(const std::string& job, Resolving resolving);

  const PairOptions options_;
  const Findings& findings_;
  std::deque<Record> records_;
  Index first_ = 1;  // index of records_.front()
  uint64_t said_to_ = 0;
  FindingChanges changes_;
  model::OutcomeHead last_said_;
  std::vector<model::Outcome> outcomes_;
};

}  // namespace dcp::checker
