// JSON as a server prints it, in the canonical form that mysql/jsonb.h gives for
// the same value in a binlog.
//
// The text does not tell a DECIMAL inside a document from a DOUBLE where both print
// alike (100000.0): such a number is taken for a DOUBLE, on either side of a comparison.
//
// Pure functions.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dcp::verifier {

// Replaces `*out`. REQUIRES: `text` is what a server printed of a JSON value.
void CanonicalOfServerJson(absl::string_view text, std::string* out);

}  // namespace dcp::verifier
