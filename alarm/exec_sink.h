// ExecSink: a command per alarm, with the alarm's JSON and a line end on its
// standard input.
//
// No shell: the arguments are given as they are. The command runs in a process
// group of its own, with nothing open but its standard streams, no blocked or
// ignored signal, and of dcp's environment only PATH, HOME, USER, LOGNAME, LANG,
// LC_ALL, TZ and TMPDIR; beside them DCP_ALARM_ID, DCP_ALARM_TYPE, DCP_ALARM_CHECK.
// What it writes goes to dcp's log, bounded. Exit status 0 is success. When it takes
// too long its group gets SIGTERM, and SIGKILL `grace` later. What it leaves
// running in its group is killed.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alarm/alarm.h"
#include "alarm/sink.h"
#include "base/clock.h"

namespace dcp::alarm {

class ExecSink final : public Sink {
 public:
  struct Options {
    std::vector<std::string> command = {};  // [0]: a path, or a name looked for in PATH
    absl::Duration timeout = absl::Seconds(30);
    absl::Duration grace = absl::Seconds(5);
    size_t max_output = 4096;  // bytes that are logged; the rest is read and dropped
  };

  // `clock` must outlive it. REQUIRES: a command. The process must ignore SIGPIPE.
  ExecSink(Options options, const Clock& clock, LogFunction log);

  std::string name() const override;

  //   kUnavailable       the command cannot be started
  //   kAborted           it ended otherwise than with status 0
  //   kDeadlineExceeded  it took too long
  //   kCancelled         Interrupt()
  absl::Status Deliver(const Alarm& alarm) override;
  void Interrupt() override { interrupted_.store(true); }

 private:
  void LogOutput(const Alarm& alarm, const std::string& output, bool cut) const;

  // Constant after construction.
  const Options options_;
  const Clock& clock_;
  const LogFunction log_;

  std::atomic<bool> interrupted_{false};
};

}  // namespace dcp::alarm
