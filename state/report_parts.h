// ReportParts: the changed findings of a report that has more of them than one transaction is to
// write, in parts that are written before the report. What was written of them counts once the
// report has sealed them, in its own transaction; from then on they are taken one by one, each in
// the transaction that writes its findings. So a report is whole or not there at all, and no
// transaction is long.
//
// Each change stands in a transaction of the caller. At most one report of a pair is under way.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/pair_state.h"
#include "state/sqlite.h"

namespace dcp::state {

class ReportParts {
 public:
  struct Seal {
    uint64_t parts = 0;  // that are left
    absl::Time at;       // of the report
    std::vector<std::string> kept_back;
  };
  struct Part {
    int64_t number = 0;
    std::vector<model::OpenFinding> findings;
    std::vector<model::Digest> closed;
  };

  static absl::StatusOr<std::unique_ptr<ReportParts>> Open(Database& db);

  absl::Status Add(int64_t pair, absl::Span<const model::OpenFinding> findings,
                   absl::Span<const model::Digest> closed);
  // All that was added for the pair belongs to a report now.
  absl::Status SealAll(int64_t pair, const Seal& seal);

  // Pairs with parts to be taken.
  absl::StatusOr<std::vector<int64_t>> Sealed();
  //   kDataLoss  it is not what was written
  absl::StatusOr<std::optional<Seal>> SealOf(int64_t pair);
  // The oldest one. REQUIRES: `seal` is that of the pair
  //   kDataLoss  it is not what was written, or one is missing
  absl::StatusOr<Part> Next(int64_t pair, const Seal& seal);
  // With the last one the seal goes.
  absl::Status Remove(int64_t pair, const Part& part, Seal seal);

  // What no report has sealed; what a pair has.
  absl::Status DropUnsealed();
  absl::Status Drop(int64_t pair);

 private:
  explicit ReportParts(Database& db) : db_(db) {}
  absl::Status Prepare();

  Database& db_;
  Statement insert_, seal_, select_seal_, next_, remove_, drop_parts_, drop_seal_;
};

}  // namespace dcp::state
