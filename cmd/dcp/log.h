// The program's log: one line per noteworthy event, on standard error.
//
// Thread-safe. spdlog stays behind this header.
#pragma once

#include "absl/strings/string_view.h"
#include "config/config.h"

namespace dcp::cmd {

// To be called once, before any other thread logs.
void InitLog();
// What is below it is not said. Any thread.
void SetLogLevel(config::LogOptions::Level level);

void LogInfo(absl::string_view text);
void LogWarning(absl::string_view text);
void LogError(absl::string_view text);

}  // namespace dcp::cmd
