// Section 1 of docs/semantics.md, plainly: from two whole streams to runs of
// segment pairs.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "checker/options.h"
#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

using Entry = std::variant<PlainChange, model::Mark>;  // no barriers

struct SegmentPair {
  uint64_t from = 0;
  uint64_t to = 0;
  std::vector<Entry> source;
  std::vector<Entry> target;
  bool beyond_history = false;  // replayed from further back than can be judged
};

struct Run {
  uint64_t epoch = 1;
  uint64_t first = 0;     // c0
  uint32_t lateness = 0;  // N
  // Why the run before this one ended; empty for the first.
  std::string reason;
  std::vector<SegmentPair> segments;  // closed by both sides

  uint64_t last() const { return segments.empty() ? first : segments.back().to; }
};

std::vector<Run> CutRuns(const PairOptions& options, const Stream& source, const Stream& target);

}  // namespace dcp::checker::test
