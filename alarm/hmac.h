// HMAC-SHA256.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dcp::alarm {

// In lower-case hexadecimal.
std::string HmacSha256(absl::string_view secret, absl::string_view text);

}  // namespace dcp::alarm
