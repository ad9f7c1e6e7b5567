// Strings of JSON text (RFC 8259).
//
// Thread-safe, no state.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dcp {

// Appends `text` as a JSON string with the fewest escapes: `\"`, `\\`, `\b`, `\f`, `\n`,
// `\r`, `\t`, and `\u00xx` (lower-case digits) for the other characters below
// U+0020; everything else as it is. So different texts never give the same
// string. Bytes that are not UTF-8 are passed through.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace dcp
