// Lower-case hexadecimal text.
#pragma once

#include <cstdint>
#include <string>

namespace dcp {

// 32 digits, most significant first.
std::string Hex128(uint64_t high, uint64_t low);

}  // namespace dcp
