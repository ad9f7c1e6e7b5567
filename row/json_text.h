// Pieces of JSON text, as canonical rows and keys are made of (RFC 8259).
//
// Thread-safe, no state.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::row {

// `bytes` in standard base64 (RFC 4648, padded), without quotes.
void AppendBase64(absl::string_view bytes, std::string* out);

// `text` with every byte that belongs to no valid UTF-8 sequence replaced by
// U+FFFD.
std::string ToValidUtf8(absl::string_view text);

// True if `text` is one JSON array and nothing else (white space allowed).
bool IsJsonArray(absl::string_view text);

// Removes white space outside strings. REQUIRES: `text` is JSON.
std::string CompactJson(absl::string_view text);

// The elements of an array without white space, in order; they lie in `array`.
// REQUIRES: `array` is a JSON array without white space.
std::vector<absl::string_view> JsonArrayElements(absl::string_view array);

}  // namespace dcp::row
