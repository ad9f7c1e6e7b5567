// What a check is asked to do. Plain values; config/ fills them through cmd/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "model/ports/diff_spill.h"
#include "model/tag.h"

namespace dcp::checker {

enum class Align : uint8_t { kAuto, kGtid, kBarrier };
enum class Compare : uint8_t { kConverge, kOrdered };
// Whose transactions are compared: all, or those that the source's side wrote.
enum class Origin : uint8_t { kAny, kSource };

struct PairOptions {
  std::string check;
  model::Tag source;
  model::Tag target;
  Align align = Align::kAuto;
  Compare compare = Compare::kConverge;
  Origin origin = Origin::kAny;
  uint32_t lateness = 1;   // only with barrier alignment
  uint32_t history = 100;  // segments
  absl::Duration timeout = absl::Seconds(30);
  // How long the source may send data without a barrier, or nothing at all at the start.
  absl::Duration silence = absl::InfiniteDuration();
  uint32_t max_diff_rows = 100;
  bool confirm = false;               // a RowReader answers TakeRequests()
  model::DiffSpill* spill = nullptr;  // gets all rows of a diff with more than max_diff_rows
  bool ignore_ddl = false;            // ddl = "ignore"
  // How many keys of a segment that touches more of them are judged at once.
  size_t keys_per_turn = 32'768;
};

}  // namespace dcp::checker
