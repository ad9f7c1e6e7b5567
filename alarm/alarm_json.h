// The JSON of alarms: one object, one line, keys in the order of docs/alarms.md.
// Pure.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "alarm/masking.h"
#include "model/verdict.h"

namespace dcp::alarm {

inline constexpr size_t kMaxResolvedKeys = 1000;

// `same` and `diff`.
std::string VerdictJson(const model::Verdict& verdict, absl::string_view id,
                        const Rendering& renderer);
// What a verdict could not see.
std::string UnverifiedJson(const model::Verdict& verdict, absl::string_view id);
// One element of `diffs`.
std::string DiffJson(const model::RowDiff& diff, const Rendering& renderer);
std::string TimeoutJson(const model::Timeout& timeout, absl::string_view id);
// `keys`: the first kMaxResolvedKeys, with `key_count` where there are more.
std::string ResolvedJson(const model::Resolved& resolved, absl::string_view id,
                         const Rendering& renderer);

}  // namespace dcp::alarm
