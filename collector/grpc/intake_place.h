// IntakePlace: where the messages of one durable tag can be read again from, and its text,
// which is what the rest of dcp keeps of it (model::Place).
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::collector {

struct IntakePlace {
  uint64_t log_high = 0, log_low = 0;  // which log: a directory that was emptied has another
  uint64_t sequence = 0;               // of the first message that is read

  // Lines: "intake", the log's id in hexadecimal digits, the sequence.
  std::string ToText() const;
  //   kInvalidArgument  it is not what ToText() gives
  static absl::StatusOr<IntakePlace> Parse(absl::string_view text);

  bool SameLog(const IntakePlace& other) const {
    return log_high == other.log_high && log_low == other.log_low;
  }
};

// The place from which both can be read; nullopt: they cannot be compared.
std::optional<IntakePlace> Earliest(const IntakePlace& a, const IntakePlace& b);

}  // namespace dcp::collector
