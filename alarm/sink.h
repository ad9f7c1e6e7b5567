// Sink: one place that alarms go to.
//
// Thread-confined to the thread that delivers to it, but for Interrupt().
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alarm/alarm.h"

namespace dcp::alarm {

class Sink {
 public:
  virtual ~Sink() = default;

  // How messages call it: "file alarms.jsonl", "log". Never a secret.
  virtual std::string name() const = 0;

  // OK once the alarm is where it belongs. After an error the same alarm comes
  // again, so that each arrives at least once; `id` tells repetitions.
  //   kInvalidArgument  it was refused, and will be: given up after some tries
  //   kUnavailable, kCancelled
  //                     the sink was not reached: no alarm can be delivered now
  //   others            the sink was reached and failed, maybe for this alarm only
  virtual absl::Status Deliver(const Alarm& alarm) = 0;

  // Makes a Deliver that waits, and every later one, return soon. Any thread, any
  // number of times. A sink that never waits has nothing to do.
  virtual void Interrupt() {}

  // What the sink has to do of its own accord, and how long until it is called
  // again. An error is a failure of the sink.
  struct Upkeep {
    absl::Status status;
    absl::Duration next = absl::InfiniteDuration();
  };
  virtual Upkeep DoUpkeep() { return {}; }
};

}  // namespace dcp::alarm
