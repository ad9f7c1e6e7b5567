// Lower-case hexadecimal text.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace dcp {

// 32 digits, most significant first.
std::string Hex128(uint64_t high, uint64_t low);

// Of exactly such text. False: `text` is none, and the numbers are not touched.
bool ParseHex128(absl::string_view text, uint64_t* high, uint64_t* low);

}  // namespace dcp
