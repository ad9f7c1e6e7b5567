// The variable-length integers of MySQL's serialization library (tagged GTIDs).
//
// The number of trailing one-bits of the first byte, plus one, is the number of
// bytes (1 to 9); the rest of the bits, little-endian, is the value. Signed
// numbers hold their sign in the lowest bit and, if negative, are complemented.
// Source: libs/mysql/serialization/readme.md of MySQL.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "mysql/bytes.h"

namespace dcp::mysql {

inline uint64_t ReadVarlenUint(ByteReader* reader) {
  const uint8_t first = reader->U8();
  const int extra = std::countr_one(first);
  uint64_t value = extra >= 7 ? 0 : uint64_t{first} >> (extra + 1);
  const int have_bits = extra >= 7 ? 0 : 7 - extra;
  const Bytes more = reader->Take(static_cast<uint64_t>(extra));
  if (!reader->ok()) return 0;
  value |= LoadLe(more.data(), more.size()) << have_bits;
  return value;
}

inline int64_t ReadVarlenInt(ByteReader* reader) {
  const uint64_t raw = ReadVarlenUint(reader);
  const auto magnitude = static_cast<int64_t>(raw >> 1);
  return (raw & 1) != 0 ? ~magnitude : magnitude;
}

inline void AppendVarlenUint(uint64_t value, std::string* out) {
  const int bits = static_cast<int>(std::bit_width(value | 1));
  const int bytes = bits > 56 ? 9 : (bits + 6) / 7;
  if (bytes == 9) {
    out->push_back(static_cast<char>(0xff));
    for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
    return;
  }
  const uint64_t encoded = value << bytes | ((uint64_t{1} << (bytes - 1)) - 1);
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(encoded >> (8 * i) & 0xff));
}

}  // namespace dcp::mysql
