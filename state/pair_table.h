// PairTable: the pairs (check, target), their states, findings and verdicts.
// Every change stands in a transaction of the caller.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/pair_state.h"
#include "state/retention.h"
#include "state/sqlite.h"

namespace dcp::state {

class PairTable {
 public:
  using Pair = std::pair<std::string, std::string>;  // check, target

  // Reads everything of it, so that damage is found now.
  //   kDataLoss  something is not as it was written
  static absl::StatusOr<std::unique_ptr<PairTable>> Open(Database& db);

  // The number of a pair, new if need be. It counts as known once Committed().
  absl::StatusOr<int64_t> NumberOf(const std::string& check, const std::string& target);
  void Committed();
  void RolledBack() { uncommitted_.clear(); }

  absl::Status SaveState(int64_t pair, const model::PairState& state);
  // New ones, changed ones, and the keys of those that are open no more.
  absl::Status SaveFindings(int64_t pair, absl::Span<const model::OpenFinding> findings,
                            absl::Span<const model::Digest> closed);
  absl::Status SaveVerdict(int64_t pair, const model::Verdict& verdict);

  // Deletes the oldest verdicts that `retention` gives up, `most` at most.
  absl::Status PruneVerdicts(const Retention& retention, absl::Time now, int64_t most);

  // nullopt: no state and no finding.
  absl::StatusOr<std::optional<model::StoredPair>> Load(const std::string& check,
                                                        const std::string& target);

  const std::map<Pair, int64_t>& pairs() const { return pairs_; }
  // Its number; nullopt: there is no such pair.
  std::optional<int64_t> Find(const std::string& check, const std::string& target) const {
    const auto pair = pairs_.find({check, target});
    return pair == pairs_.end() ? std::nullopt : std::optional(pair->second);
  }
  absl::Status Forget(const Pair& pair);
  void Forgotten(const Pair& pair) { pairs_.erase(pair); }

 private:
  explicit PairTable(Database& db) : db_(db) {}
  absl::Status Prepare();
  absl::Status ReadPairs();
  absl::Status SaveFinding(int64_t pair, const model::OpenFinding& finding);
  absl::StatusOr<std::optional<model::PairState>> LoadState(int64_t pair, const Pair& names);
  absl::StatusOr<std::vector<model::OpenFinding>> LoadFindings(int64_t pair);
  absl::Status CheckFindings();
  absl::Status Damaged(absl::string_view what) const;

  Database& db_;
  Statement insert_pair_, replace_state_, select_state_;
  Statement replace_finding_, delete_finding_, select_findings_;
  Statement insert_verdict_, prune_verdicts_, newest_verdict_;
  std::map<Pair, int64_t> pairs_, uncommitted_;
};

}  // namespace dcp::state
