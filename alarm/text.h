// Safe text: whatever bytes come in, what goes out is one line of valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dcp::alarm {

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string JsonString(absl::string_view text);

// JsonString(text), or `null` for "".
std::string JsonStringOrNull(absl::string_view text);

// A JSON array of strings.
std::string JsonStrings(const std::vector<std::string>& texts);

// True if `text` is one JSON array without a line end.
bool IsJsonArray(absl::string_view text);

// "2024-05-01T12:00:00.123Z" (UTC).
std::string Rfc3339(absl::Time time);

// `text` for a line that people read: control characters and bytes that are not
// UTF-8 escaped (\x1b), cut with "…" behind `max_bytes` at a character's end.
std::string Readable(absl::string_view text, size_t max_bytes = 200);

}  // namespace dcp::alarm
