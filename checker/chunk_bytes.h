// The transactions of a chunk as bytes, and back: what a SpillStore holds. Injective:
// other transactions give other bytes. Of this process only (tables are numbers in a list
// that is kept in memory), so there is no version and no byte order.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checker/segment.h"
#include "model/table.h"

namespace dcp::checker {

// Numbers for the tables of one stream. Thread-compatible.
class TableNumbers {
 public:
  // 0 for null.
  uint32_t Of(const model::Table* table);
  // Null too for a number that was never given: see Has().
  const model::Table* At(uint32_t number) const { return number == 0 ? nullptr : all_[number - 1]; }
  bool Has(uint32_t number) const { return number <= all_.size(); }

 private:
  std::vector<const model::Table*> all_;
  absl::flat_hash_map<const model::Table*, uint32_t> numbers_;
};

std::string EncodeTxns(const std::vector<TxnRef>& txns, TableNumbers* tables);

// One batch with these transactions, all of it and nothing else.
//   kDataLoss  `bytes` is not what EncodeTxns() gives
absl::StatusOr<model::ChangeBatchPtr> DecodeTxns(absl::string_view bytes,
                                                 const TableNumbers& tables);

}  // namespace dcp::checker
