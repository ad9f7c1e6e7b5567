// FindingChanges: the newest state of findings that changed, by key. Of a storm they are very many:
// each is held once, and handed over as it lies here.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/pair_state.h"

namespace dcp::checker {

class FindingChanges {
 public:
  void Set(model::OpenFinding finding);
  void Close(const model::Digest& key);
  // What is in both is as `later` has it. Takes all of it.
  void Add(FindingChanges later);

  // Findings and closed keys, each sorted, so that the same streams give the same bytes on disk.
  void MoveTo(model::PairUpdate* update);

 private:
  static constexpr uint64_t kClosed = std::numeric_limits<uint64_t>::max();

  std::vector<model::OpenFinding> open_;
  absl::flat_hash_map<model::Digest, uint64_t> places_;  // in open_, or kClosed
};

}  // namespace dcp::checker
