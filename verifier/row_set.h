// RowSet: the rows of one read, as far as comparing needs them: the key in canonical binary form
// (row/canonical.h), and XXH3-128 of key and content. And SuspectPool: the keys whose rows have
// not been found alike.
//
// Two sets hold the same rows if their sizes and their sums of digests modulo 2^128 are the same:
// the order of rows does not matter, and equal rows do not cancel as they do under XOR.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "model/digest.h"

namespace dcp::verifier {

class RowSet {
 public:
  // Keeps its memory.
  void Clear();

  // `key` is self-delimiting, so that key and content together are injective.
  void Add(absl::string_view key, absl::string_view content);

  // All rows of `other`.
  void Add(const RowSet& other);

  size_t size() const { return digests_.size(); }
  const model::Digest& sum() const { return sum_; }
  absl::string_view key(size_t i) const;
  const model::Digest& digest(size_t i) const { return digests_[i]; }

 private:
  std::string keys_;          // one behind the other
  std::vector<size_t> ends_;  // of each key in keys_
  std::vector<model::Digest> digests_;
  model::Digest sum_;
  std::string scratch_;
};

inline bool SameRows(const RowSet& a, const RowSet& b) {
  return a.size() == b.size() && a.sum() == b.sum();
}

class SuspectPool {
 public:
  // Rows of the one side, and of the other: what is added and subtracted alike, whichever comes
  // first, leaves nothing.
  void Add(const RowSet& rows);
  void Subtract(const RowSet& rows);

  size_t size() const { return open_.size(); }

  // What is left of one key.
  struct Entry {
    std::string key;
    model::Digest digest;
    int64_t rows = 0;

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // All of them, to be kept and put into an empty pool again.
  std::vector<Entry> entries() const;
  void Restore(const std::vector<Entry>& entries);

  // The keys that are left, and forgets them.
  std::vector<std::string> Take();
  // The same of those only that have more rows subtracted than added.
  std::vector<std::string> TakeExtra();

 private:
  struct Balance {
    model::Digest digest;
    int64_t rows = 0;
  };
  void Count(absl::string_view key, const model::Digest& digest, int64_t rows);

  absl::flat_hash_map<std::string, Balance> open_;
};

}  // namespace dcp::verifier
