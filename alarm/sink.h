// Sink: one place that alarms go to.
//
// Thread-confined to the dispatcher's thread, but for Interrupt().
#pragma once

#include <string>

#include "absl/status/status.h"
#include "alarm/alarm.h"
#include "model/alarm_type.h"

namespace dcp::alarm {

class Sink {
 public:
  virtual ~Sink() = default;

  // How messages call it: "file alarms.jsonl", "log".
  virtual std::string name() const = 0;

  // What it wants; others are never given to it. Constant.
  virtual model::AlarmTypes types() const = 0;

  // OK once the alarm is where it belongs. After any error the same alarm comes
  // again, so that each arrives at least once; `id` tells repetitions.
  virtual absl::Status Deliver(const Alarm& alarm) = 0;

  // Makes a Deliver that waits, and every later one, return soon. Any thread, any
  // number of times. A sink that never waits has nothing to do.
  virtual void Interrupt() {}
};

}  // namespace dcp::alarm
