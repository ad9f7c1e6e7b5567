// Features of the configuration that this version does not have yet. They are
// refused: a key that is silently ignored is worse than one that is missing.
// Work that brings a feature deletes its row in availability.cc.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::config {

// `feature` is a name of the table, e.g. "control".
bool IsAvailable(absl::string_view feature);

// Why `feature` is refused and what to use instead: "the [control] server is
// not available in this version; leave ...". REQUIRES: !IsAvailable(feature)
std::string Refusal(absl::string_view feature);

// Every name in the table.
std::vector<std::string> UnavailableFeatures();

}  // namespace dcp::config
