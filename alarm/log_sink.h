// LogSink: one line for people per alarm, given to the program's log.
#pragma once

#include <string>

#include "alarm/sink.h"

namespace dcp::alarm {

class LogSink final : public Sink {
 public:
  // `log` is called with kError for a difference, kWarning for what could not be
  // verified and for a late target, else kInfo. It must not throw.
  LogSink(LogFunction log, model::AlarmTypes types);

  std::string name() const override { return "log"; }
  model::AlarmTypes types() const override { return types_; }
  absl::Status Deliver(const Alarm& alarm) override;  // always OK

 private:
  const LogFunction log_;
  const model::AlarmTypes types_;
};

}  // namespace dcp::alarm
