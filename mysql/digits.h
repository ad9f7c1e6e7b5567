// Decimal digits, two at a time: inline, because it runs for every DECIMAL and temporal of a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dcp::mysql {

// "00", "01" ... "99".
inline constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// The last two digits of `value`; returns where they end.
inline char* Put2(uint32_t value, char* p) {
  std::memcpy(p, &kDigitPairs[2 * (value % 100)], 2);
  return p + 2;
}

// `digits` digits, with leading zeros. REQUIRES: `value` has no more.
inline void PutDigits(uint32_t value, size_t digits, char* p) {
  for (; digits >= 2; digits -= 2, value /= 100) Put2(value, p + digits - 2);
  if (digits == 1) *p = static_cast<char>('0' + value);
}

}  // namespace dcp::mysql
