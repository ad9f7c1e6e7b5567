// What a server's own SELECT says of a value, brought to the canonical form by rules written for
// the tests alone: the expected value is the server's.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace dcp::mysql {

// How SELECT shows the column.
enum class TextForm {
  kNumber,     // decimal digits
  kPlain,      // text, dates
  kHex,        // HEX() of the bytes
  kPaddedHex,  // HEX() of a BINARY
  kRaw,        // HEX() of what is no text of its charset
  kDecimal,
  kFloat,  // as DOUBLE
  kDouble,
  kTime,
  kDatetime,
  kTimestamp,  // in UTC
  kJson,
};

// The element of the canonical row. `raw`: kRaw's charset. Of JSON it is NormalJson()'s text, which
// leaves open what SELECT does not tell: whether a number with a point is a DOUBLE or a DECIMAL.
std::string CanonicalElement(TextForm form, absl::string_view raw,
                             const std::optional<std::string>& server_text);

// JSON without blanks between tokens, and numbers with a point or an exponent as numbers.
std::string NormalJson(const std::string& text);

}  // namespace dcp::mysql
