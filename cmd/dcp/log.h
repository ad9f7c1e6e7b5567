// The program's log: one line per noteworthy event, on standard error, as text or as JSON. Lines
// that are alike and come again and again are held back, and counted (cmd/dcp/log_limiter.h).
//
// Thread-safe. spdlog stays behind this header.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "config/config.h"

namespace dcp::cmd {

// To be called once, before any other thread logs.
void InitLog();
// What is below it is not said. Any thread.
void SetLogLevel(config::LogOptions::Level level);
// How lines are written. Any thread.
void SetLogFormat(config::LogOptions::Format format);

void LogInfo(absl::string_view text);
void LogWarning(absl::string_view text);
void LogError(absl::string_view text);

// An alarm, which is never held back. `json`: all of it, for a log of JSON.
void LogAlarmLine(config::LogOptions::Level level, absl::string_view text, absl::string_view json);

// A line of a log of JSON, without its end. A text that begins with a part of dcp and its name
// ("collector source: …") has them in a field of their own. `alarm_json` empty: there is none.
std::string LogLineJson(absl::Time at, config::LogOptions::Level level, absl::string_view text,
                        absl::string_view alarm_json);

}  // namespace dcp::cmd
