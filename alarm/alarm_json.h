// The JSON of alarms: one object, one line, keys in the order of docs/alarms.md.
// Pure.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "alarm/masking.h"
#include "model/severity.h"
#include "model/verdict.h"

namespace dcp::alarm {

inline constexpr size_t kMaxResolvedKeys = 1000;

// What an alarm is beside its outcome.
struct AlarmHead {
  std::string id;
  model::Severity severity = model::Severity::kInfo;
};

// `same` and `diff`.
std::string VerdictJson(const model::Verdict& verdict, const AlarmHead& head,
                        const Rendering& renderer);
// What a verdict could not see.
std::string UnverifiedJson(const model::Verdict& verdict, const AlarmHead& head);
// One element of `diffs`.
std::string DiffJson(const model::RowDiff& diff, const Rendering& renderer);
std::string TimeoutJson(const model::Timeout& timeout, const AlarmHead& head);
// `keys`: the first kMaxResolvedKeys, with `key_count` where there are more.
std::string ResolvedJson(const model::Resolved& resolved, const AlarmHead& head,
                         const Rendering& renderer);

}  // namespace dcp::alarm
