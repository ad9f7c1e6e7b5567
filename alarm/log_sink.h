// LogSink: one line for people per alarm, given to the program's log.
#pragma once

#include <functional>
#include <string>

#include "alarm/sink.h"

namespace dcp::alarm {

class LogSink final : public Sink {
 public:
  using AlarmLog = std::function<void(Level, const Alarm&)>;
  // `log` is called with kError for a difference, kWarning for what could not be
  // verified and for a late target, else kInfo. It must not throw.
  explicit LogSink(AlarmLog log);

  std::string name() const override { return "log"; }
  absl::Status Deliver(const Alarm& alarm) override;  // always OK

 private:
  const AlarmLog log_;
};

}  // namespace dcp::alarm
