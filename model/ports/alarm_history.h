// AlarmHistory: what was said, kept for who watches, each alarm at its place in one line that only
// grows. Implemented by state/.
//
// A cursor is the place of one alarm, for good: it stays right over restarts, and one that is of
// another history, or of an alarm that is not kept any more, is known as such.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/alarm.h"

namespace dcp::model {

// Sinks that did not take `same` were not given a quiet alarm: nothing of it is for people.
struct SaidAlarm {
  int64_t place = 0;  // from 1 on
  bool quiet = false;
  AlarmType type = AlarmType::kSame;
  std::string id, check, target, text, json;
};

class AlarmHistory {
 public:
  virtual ~AlarmHistory() = default;

  // Of the newest alarm; 0: there was none yet.
  virtual absl::StatusOr<int64_t> Newest() = 0;
  // Before the oldest one that is kept: what Read() begins with.
  virtual absl::StatusOr<int64_t> BeforeOldest() = 0;

  // Those behind `place`, in their order: `most` at most, and so many that their texts are not much
  // over `most_bytes`, but one at least where there is one.
  //   kOutOfRange  some of those behind it are not kept any more
  virtual absl::StatusOr<std::vector<SaidAlarm>> Read(int64_t place, size_t most,
                                                      size_t most_bytes) = 0;

  // What a client keeps of a place, and back.
  //   kOutOfRange       it is not kept any more
  //   kInvalidArgument  no cursor, or not of this history
  virtual std::string CursorOf(const SaidAlarm& said) const = 0;
  virtual absl::StatusOr<std::string> CursorOf(int64_t place) = 0;
  virtual absl::StatusOr<int64_t> PlaceOf(absl::string_view cursor) = 0;
};

}  // namespace dcp::model
