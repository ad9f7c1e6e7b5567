// Wildcards in the names of tables: `*` stands for any characters, `?` for any one
// character of UTF-8, everything else for itself.
//
// Pure functions.
#pragma once

#include "absl/strings/string_view.h"

namespace dcp::model {

bool HasWildcard(absl::string_view pattern);

// True if all of `text` matches. Takes time of the product of the lengths at most.
bool MatchesWildcard(absl::string_view pattern, absl::string_view text);

}  // namespace dcp::model
