// The written forms of durations, sizes, addresses and start points.
//
// Every function returns kInvalidArgument with what was expected, worded to
// follow "<key> ": `must be a duration such as "30s", "500ms" or "1h30m"`.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "config/config.h"

namespace dcp::config {

// "2s", "500ms", "1m", "1h30m", "1.5s". Finite and not negative.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// "512MiB", "64KiB", "1GiB", "4096B", "4096": bytes.
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);

// "127.0.0.1:9090", "[::1]:9090", "localhost:0".
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);

// "resume", "now", "gtid:<set>", "file:<name>:<pos>".
absl::StatusOr<StartPoint> ParseStartPoint(absl::string_view text);

// "22:00-07:00".
absl::StatusOr<model::DayHours> ParseDayHours(absl::string_view text);

// "512MiB": as ParseSize reads it.
std::string FormatSize(uint64_t bytes);

}  // namespace dcp::config
