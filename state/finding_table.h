// FindingTable: the findings as people are told them, open ones and for a while resolved ones,
// and what people said of them (see finding_book.h, which writes that at any time). The
// daemon's side; every change stands in a transaction of the caller.
//
// What is open here is open in the table `findings` too, which is the checker's and says what
// counts.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/finding.h"
#include "model/pair_state.h"
#include "state/retention.h"
#include "state/sqlite.h"

namespace dcp::state {

class FindingTable {
 public:
  // Reads everything of it, so that damage is found now.
  //   kDataLoss  something is not as it was written
  static absl::StatusOr<std::unique_ptr<FindingTable>> Open(Database& db);

  // The notes, and what the verdicts touched.
  absl::Status SaveSaid(int64_t pair, const model::Report& report);
  // An acknowledgement ends with its finding.
  absl::Status Close(int64_t pair, absl::Span<const model::Digest> keys, absl::Time now);

  // False: what is open here is not what is open in `findings`, as in the state of an older
  // version. AddUnsaid() and EndOthers() mend it.
  absl::StatusOr<bool> Agrees();
  // Of `findings` those that are not there as open. Those of the alarms `kept_back` were told to
  // nobody.
  absl::Status AddUnsaid(int64_t pair, absl::Span<const model::OpenFinding> findings,
                         absl::Span<const std::string> kept_back, absl::Time now);

  // Resolves what is open here only.
  absl::Status EndOthers();

  // Deletes `most` of the oldest resolved ones at most, those that are too old at `now`.
  absl::Status PruneOld(const Retention& retention, absl::Time now, int64_t most);
  // Deletes the oldest resolved ones that are too many.
  absl::Status PruneMany(const Retention& retention);

  absl::Status Forget(int64_t pair);

  // See model::FindingMarks. What another connection has written is read anew.
  absl::StatusOr<std::vector<model::IgnoreRule>> IgnoreRules();
  absl::StatusOr<uint64_t> CountQuiet(int64_t pair, const std::string& check,
                                      const std::string& target,
                                      absl::Span<const model::Digest> keys, absl::Time now);
  absl::StatusOr<uint64_t> CountKeptBack(int64_t pair, absl::Span<const model::Digest> keys);
  absl::StatusOr<bool> WasKeptBack(int64_t pair, const std::string& alarm_id);

 private:
  explicit FindingTable(Database& db) : db_(db) {}
  absl::Status Prepare();
  absl::Status CheckAll();
  absl::Status CheckSaid();
  absl::Status Note(int64_t pair, const model::FindingNote& note);
  absl::Status Touch(int64_t pair, const model::Digest& key, absl::Time now);
  absl::Status Close(int64_t pair, const model::Digest& key, absl::Time now);
  absl::Status Damaged(absl::string_view what) const;

  Database& db_;
  Statement upsert_, touch_, resolve_, delete_ack_, delete_old_ack_, select_one_;
  Statement is_acknowledged_, kept_back_, key_kept_back_, count_resolved_, prune_old_, prune_many_,
      data_version_;
  std::vector<model::IgnoreRule> rules_;
  int64_t rules_version_ = -1;  // PRAGMA data_version when they were read
};

}  // namespace dcp::state
