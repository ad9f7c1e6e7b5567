// What a verification job has proved of one table of a check and a target: that its rows are
// equal. It ends findings that the streams alone do not, as a row that was made equal without a
// trace in a binlog.
//
// The two barriers say when that was. Both are offsets of the check's own barrier row, read by
// SQL: whatever the streams show between them may have happened after a row was read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/digest.h"

namespace dcp::model {

struct VerifiedTable {
  std::string job;    // for the reader
  std::string table;  // logical
  // What the target held before the first row was read, and the source after the last one was.
  uint64_t from_barrier = 0, to_barrier = 0;
  // Keys that differ or are undecided: Xxh3 of their texts, `shop.orders[42,"eu"]`.
  // All others are equal: every row was read, and every column that the check compares.
  std::vector<Digest> not_equal;

  friend bool operator==(const VerifiedTable&, const VerifiedTable&) = default;
};

}  // namespace dcp::model
