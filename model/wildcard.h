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

// False only if no text matches both. (True may be wrong: what follows a wildcard is not looked
// at.)
bool MayMeet(absl::string_view pattern, absl::string_view other);

}  // namespace dcp::model
