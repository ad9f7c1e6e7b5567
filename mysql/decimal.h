// MySQL's packed DECIMAL: groups of nine digits in four bytes, most significant
// first, the sign in the first bit, negative numbers complemented.
// Source: strings/decimal.cc (decimal2bin) of MySQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dcp::mysql {

inline constexpr uint8_t kMaxDecimalPrecision = 65;
inline constexpr uint8_t kMaxDecimalScale = 30;
// Of values inside JSON, which keep what a computation left: nine groups of nine digits.
inline constexpr uint8_t kMaxPackedPrecision = 81;

// Bytes of a packed DECIMAL(precision, scale). REQUIRES: scale <= precision
size_t PackedDecimalSize(uint8_t precision, uint8_t scale);

enum class DecimalText {
  kNormalised,  // fraction zeros cut, no trailing point, "-0" is "0"
  kAsScaled,    // exactly `scale` fraction digits, as the server prints
};

// Replaces `*out` with the number at `p`; false if the bytes are no DECIMAL.
// REQUIRES: PackedDecimalSize() bytes at `p`, 0 < precision <= kMaxPackedPrecision,
// scale <= precision.
bool DecimalToText(const uint8_t* p, uint8_t precision, uint8_t scale, DecimalText form,
                   std::string* out);

}  // namespace dcp::mysql
