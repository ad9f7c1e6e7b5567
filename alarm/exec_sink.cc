#include "alarm/exec_sink.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "alarm/child_process.h"
#include "alarm/text.h"

namespace dcp::alarm {
namespace {

// Between two looks at interrupted_ and at the child.
constexpr absl::Duration kLook = absl::Milliseconds(10);

// Not what holds dcp's passwords.
std::vector<std::string> EnvironmentFor(const Alarm& alarm) {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"}) {
    if (const char* value = getenv(name)) environment.push_back(absl::StrCat(name, "=", value));
  }
  environment.push_back(absl::StrCat("DCP_ALARM_ID=", alarm.id));
  environment.push_back(absl::StrCat("DCP_ALARM_TYPE=", model::ToString(alarm.type)));
  environment.push_back(absl::StrCat("DCP_ALARM_CHECK=", alarm.check));
  return environment;
}

}  // namespace

ExecSink::ExecSink(Options options, const Clock& clock, LogFunction log)
    : options_(std::move(options)), clock_(clock), log_(std::move(log)) {}

std::string ExecSink::name() const { return absl::StrCat("exec ", options_.command[0]); }

absl::Status ExecSink::Deliver(const Alarm& alarm) {
  if (interrupted_.load()) return absl::CancelledError(absl::StrCat(name(), " is stopped"));
  auto child = ChildProcess::Start({.command = options_.command,
                                    .environment = EnvironmentFor(alarm),
                                    .input = absl::StrCat(alarm.json, "\n"),
                                    .max_output = options_.max_output});
  if (!child.ok()) return child.status();
  const absl::Duration end = clock_.Monotonic() + options_.timeout;
  absl::Duration kill_at = end + options_.grace;
  bool told = false, late = false;
  while (!(*child)->Pump(kLook)) {
    const absl::Duration now = clock_.Monotonic();
    if (!told && (now >= end || interrupted_.load())) {
      told = true;
      late = now >= end;
      kill_at = now + options_.grace;
      (*child)->Signal(SIGTERM);
    }
    if (told && now >= kill_at) (*child)->Signal(SIGKILL);
  }
  LogOutput(alarm, (*child)->output(), (*child)->output_cut());
  if (late) {
    return absl::DeadlineExceededError(absl::StrCat("'", options_.command[0],
                                                    "' was ended: it took longer than ",
                                                    absl::FormatDuration(options_.timeout)));
  }
  const std::string failure = (*child)->Failure();
  if (failure.empty()) return absl::OkStatus();
  const std::string message = absl::StrCat("'", options_.command[0], "' ended with ", failure);
  return told ? absl::CancelledError(message) : absl::AbortedError(message);
}

void ExecSink::LogOutput(const Alarm& alarm, const std::string& output, bool cut) const {
  for (absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    log_(Level::kInfo, absl::StrCat(name(), ", alarm ", alarm.id, ": ", Readable(line, 1000)));
  }
  if (cut) {
    log_(Level::kInfo, absl::StrCat(name(), ", alarm ", alarm.id, ": wrote more than ",
                                    options_.max_output, " bytes; the rest is dropped"));
  }
}

}  // namespace dcp::alarm
