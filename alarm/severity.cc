#include "alarm/severity.h"

#include <algorithm>

namespace dcp::alarm {
namespace {

using model::AlarmType;
using model::Severity;

// What was wrong on its way and is right now needs no repair. Rows that are not shown may be of
// any kind.
Severity OfDiff(const model::Verdict& verdict) {
  if (verdict.diff_count == 0) return Severity::kInfo;  // known already
  const bool healed = verdict.diffs.size() == verdict.diff_count &&
                      std::all_of(verdict.diffs.begin(), verdict.diffs.end(), [](const auto& row) {
                        return row.kind == model::DiffKind::kHealed;
                      });
  return healed ? Severity::kWarning : Severity::kCritical;
}

Severity Unlimited(AlarmType type, const model::Verdict* verdict) {
  switch (type) {
    case AlarmType::kDiff:
      return OfDiff(*verdict);
    case AlarmType::kUnverified:
    case AlarmType::kTimeout:
      return Severity::kWarning;
    case AlarmType::kSame:
    case AlarmType::kResolved:
      break;
  }
  return Severity::kInfo;
}

}  // namespace

Severity SeverityOf(absl::string_view check, AlarmType type, const model::Verdict* verdict,
                    const SeverityLimits& limits) {
  const Severity severity = Unlimited(type, verdict);
  const auto limit = limits.find(check);
  return limit == limits.end() ? severity : std::min(severity, limit->second);
}

}  // namespace dcp::alarm
