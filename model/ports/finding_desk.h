// FindingDesk: where the findings of a state are read and marked by people. Implemented by state/
// over a state directory, and by cmd/ over a running daemon.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/finding.h"

namespace dcp::model {

struct FindingEntry {
  FindingRecord record;
  std::string check, target;
  FindingState state = FindingState::kOpen;
  std::optional<FindingAck> ack;
};

// What is empty is not asked for.
struct FindingFilter {
  std::string check, target;
  std::string table;  // with wildcards
  std::vector<FindingState> states;
  int64_t after = 0;  // only numbers behind this one
};

class FindingDesk {
 public:
  virtual ~FindingDesk() = default;

  // In the order of their numbers; ends when `take` returns false. Nothing is held while `take`
  // runs, however long it does. What changes meanwhile may be in it or not.
  virtual absl::Status List(const FindingFilter& filter, absl::Time now,
                            const std::function<bool(const FindingEntry&)>& take) = 0;

  // Those that `name` means: a number, an alarm's id, or a key as it is shown.
  //   kNotFound  none
  virtual absl::StatusOr<std::vector<FindingEntry>> Find(const std::string& name,
                                                         absl::Time now) = 0;

  //   kFailedPrecondition  it is resolved
  //   kNotFound            there is none of this number
  virtual absl::Status Acknowledge(const FindingAck& ack) = 0;
  virtual absl::Status IgnoreFinding(int64_t number, std::optional<absl::Time> until,
                                     const std::string& note, absl::Time now) = 0;

  // kNotFound: it is not acknowledged.
  virtual absl::Status TakeBackAck(int64_t number) = 0;

  virtual absl::StatusOr<std::vector<IgnoreRule>> Rules() = 0;
  // The number that it gets. Rules whose time is over are dropped.
  //   kResourceExhausted  there are too many
  virtual absl::StatusOr<int64_t> AddRule(const IgnoreRule& rule) = 0;
  //   kNotFound  there is none of this number
  virtual absl::Status RemoveRule(int64_t number) = 0;
};

}  // namespace dcp::model
