// UTF-8, byte by byte: inline, because it runs for every character of a row.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "mysql/bytes.h"

namespace dcp::mysql {

// REQUIRES: code_point <= 0x10ffff
inline void AppendUtf8(uint32_t code_point, std::string* out) {
  const auto continuation = [&](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3f));
  };
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    const char bytes[] = {static_cast<char>(0xc0 | code_point >> 6), continuation(0)};
    out->append(bytes, sizeof(bytes));
  } else if (code_point < 0x10000) {
    const char bytes[] = {static_cast<char>(0xe0 | code_point >> 12), continuation(6),
                          continuation(0)};
    out->append(bytes, sizeof(bytes));
  } else {
    const char bytes[] = {static_cast<char>(0xf0 | code_point >> 18), continuation(12),
                          continuation(6), continuation(0)};
    out->append(bytes, sizeof(bytes));
  }
}

// True if all bytes are below 0x80.
inline bool IsAscii(Bytes bytes) {
  const auto word = [](const uint8_t* p) {
    uint64_t value = 0;
    std::memcpy(&value, p, sizeof(value));
    return value;
  };
  const uint8_t* p = bytes.data();
  size_t left = bytes.size();
  uint64_t seen = 0;
  for (; left >= 32; left -= 32, p += 32) {
    seen |= (word(p) | word(p + 8)) | (word(p + 16) | word(p + 24));
  }
  for (; left >= 8; left -= 8, p += 8) seen |= word(p);
  if (bytes.size() >= 8) {
    seen |= word(bytes.data() + bytes.size() - 8);  // some of them once more
  } else {
    for (; left > 0; --left, ++p) seen |= *p;
  }
  return (seen & 0x8080808080808080) == 0;
}

}  // namespace dcp::mysql
