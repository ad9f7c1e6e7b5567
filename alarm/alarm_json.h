// The JSON of alarms: one object, one line, keys in the order of docs/alarms.md.
// Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "model/ports/row_renderer.h"
#include "model/verdict.h"

namespace dcp::alarm {

// `same` and `diff`.
std::string VerdictJson(const model::Verdict& verdict, absl::string_view id,
                        const model::RowRenderer& renderer);
// What a verdict could not see.
std::string UnverifiedJson(const model::Verdict& verdict, absl::string_view id);
// One element of `diffs`.
std::string DiffJson(const model::RowDiff& diff, const model::RowRenderer& renderer);
std::string TimeoutJson(const model::Timeout& timeout, absl::string_view id);
std::string ResolvedJson(const model::Resolved& resolved, absl::string_view id);

}  // namespace dcp::alarm
