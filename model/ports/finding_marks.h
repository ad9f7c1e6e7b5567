// FindingMarks: what people said of the findings of a check and target, asked before a
// report on them is told. Implemented by state/.
//
// Thread-safe. What a person says while an answer is on its way counts from the next report on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/digest.h"
#include "model/finding.h"

namespace dcp::model {

class FindingMarks {
 public:
  virtual ~FindingMarks() = default;

  // Every error below: it cannot be read now. Then nothing is to be kept back.

  // All of them, those whose time is over too.
  virtual absl::StatusOr<std::vector<IgnoreRule>> IgnoreRules() = 0;

  // How many of the open findings with these keys are acknowledged or ignored at `now`.
  virtual absl::StatusOr<uint64_t> CountQuiet(const std::string& check, const std::string& target,
                                              absl::Span<const Digest> keys, absl::Time now) = 0;

  // How many of the findings with these keys, resolved ones too, were ignored when they were found,
  // so that nobody got an alarm of them.
  virtual absl::StatusOr<uint64_t> CountKeptBack(const std::string& check,
                                                 const std::string& target,
                                                 absl::Span<const Digest> keys) = 0;

  // True if `alarm_id` is of a `diff` whose findings were all ignored when they were found.
  virtual absl::StatusOr<bool> WasKeptBack(const std::string& check, const std::string& target,
                                           const std::string& alarm_id) = 0;
};

}  // namespace dcp::model
