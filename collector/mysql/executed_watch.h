// ExecutedWatch decides when a MariaDB replica is asked what it has executed, and when its
// stream has come so far that the answer holds there: such a replica leaves no trace of a
// group that changed nothing, so that its stream alone never shows that it is past it.
//
// Pure: no thread, no clock, no I/O. Thread-compatible. Times are Clock::Monotonic().
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "collector/mysql/start_point.h"
#include "model/gtid_set.h"
#include "model/position.h"

namespace dcp::collector {

class ExecutedWatch {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(1);
    // For a server that is no replica now, or did not answer.
    absl::Duration rest = absl::Seconds(10);
  };

  explicit ExecutedWatch(const Options& options) : options_(options) {}

  // Something came from the stream, which speaks every `period` at least.
  void Heard(absl::Duration now, absl::Duration period) { ask_until_ = now + 2 * period; }

  // True when the server is to be asked now: not before the last answer has been used, and not
  // when the stream has been silent for more than two periods. The asking may take the third; at
  // its end the reader is to find out that the link is dead.
  bool Due(absl::Duration now) const {
    return !answer_.has_value() && now >= next_ && now <= ask_until_;
  }

  void Answered(ExecutedProbe::Answer answer, absl::Duration now);
  void Failed(absl::Duration now) { next_ = now + options_.rest; }

  bool waiting() const { return answer_.has_value(); }

  // The stream stands between two groups at `place`, and has shown `shown`. What the server has
  // executed besides, if the answer holds here; nothing is said twice.
  std::optional<model::GtidSet> Reached(const model::BinlogPosition& place,
                                        const model::GtidSet& shown);

  // The stream begins anew.
  void Reset();

 private:
  const Options options_;
  absl::Duration next_ = absl::ZeroDuration();
  absl::Duration ask_until_ = absl::InfiniteDuration();
  std::optional<ExecutedProbe::Answer> answer_;
  model::GtidSet said_;
};

}  // namespace dcp::collector
