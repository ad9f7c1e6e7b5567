// Severity: how much an alarm is worth being woken for (docs/alarms.md). Shared by config/, which
// reads it, and alarm/, which gives and filters by it.
#pragma once

#include <array>
#include <cstdint>

namespace dcp::model {

enum class Severity : uint8_t { kInfo, kWarning, kCritical };  // in this order

inline constexpr std::array<Severity, 3> kAllSeverities = {Severity::kInfo, Severity::kWarning,
                                                           Severity::kCritical};

// "info", "warning", "critical".
constexpr const char* ToString(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "unknown";
}

}  // namespace dcp::model
