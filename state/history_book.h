// HistoryBook: what a state directory's database knows of the past, for who watches (`dcp watch`)
// and for who waits for equality (`dcp wait`), while a daemon works with the directory. Reads only,
// by a connection of its own and in short transactions: no check waits for it.
//
// Thread-compatible.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/ports/alarm_history.h"
#include "model/proof.h"
#include "state/sqlite.h"

namespace dcp::state {

class HistoryBook final : public model::AlarmHistory {
 public:
  // Creates nothing and changes no form; errors as of FindingBook::Open().
  static absl::StatusOr<std::unique_ptr<HistoryBook>> Open(const std::string& dir);

  absl::StatusOr<int64_t> Newest() override;
  absl::StatusOr<int64_t> BeforeOldest() override;
  absl::StatusOr<std::vector<model::SaidAlarm>> Read(int64_t place, size_t most,
                                                     size_t most_bytes) override;
  std::string CursorOf(const model::SaidAlarm& said) const override;
  absl::StatusOr<std::string> CursorOf(int64_t place) override;
  absl::StatusOr<int64_t> PlaceOf(absl::string_view cursor) override;

  // Where the pair stands: `epoch` and `from` of a mark; `from` is 0 where nothing was said yet.
  absl::StatusOr<model::ProofMark> Stand(const std::string& check, const std::string& target);
  // All of it of one state.
  //   kNotFound  no such pair
  absl::StatusOr<model::Proof> Prove(const model::ProofMark& mark);

 private:
  explicit HistoryBook(std::unique_ptr<Database> db) : db_(std::move(db)) {}
  absl::Status Prepare();
  absl::StatusOr<std::string> IdAt(int64_t place);
  absl::Status CheckKept(int64_t place);
  absl::StatusOr<int64_t> PairOf(const model::ProofMark& mark);
  absl::StatusOr<model::Proof> ProveNow(const model::ProofMark& mark);
  absl::Status ReadStand(int64_t pair, uint64_t* epoch, uint64_t* said_to);
  absl::Status ReadVerdicts(int64_t pair, const model::ProofMark& mark, model::Proof* proof);
  absl::StatusOr<uint64_t> VerifiedSince(int64_t pair, const model::ProofMark& mark);

  const std::unique_ptr<Database> db_;
  Statement read_, id_at_;
};

}  // namespace dcp::state
