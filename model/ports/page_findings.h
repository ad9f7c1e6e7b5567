// PageFindings: findings as the page at / shows and marks them, with the effects of `dcp diffs`.
// Implemented by cmd/.
//
// Thread-safe. Calls take as long as the disk does.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::model {

class PageFindings {
 public:
  virtual ~PageFindings() = default;

  // {"findings":[…],"more":false}: those that are not resolved, the newest first, each as `dcp
  // diffs show --json` says it; "more": there are others. Bounded in number and bytes.
  virtual absl::StatusOr<std::string> Json() = 0;

  //   kFailedPrecondition  it is resolved
  //   kNotFound            there is none of this number; undo: it is not acknowledged
  virtual absl::Status Acknowledge(int64_t number, const std::string& note) = 0;
  virtual absl::Status TakeBackAck(int64_t number) = 0;
  // `for_time`: as of `dcp diffs ignore --for`; empty: for ever.
  //   kInvalidArgument    it is no time
  //   kResourceExhausted  there are too many rules
  virtual absl::Status Ignore(int64_t number, const std::string& for_time,
                              const std::string& note) = 0;
};

}  // namespace dcp::model
