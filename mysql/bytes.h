// Reading untrusted bytes: little- and big-endian loads and a cursor that never
// leaves its span.
//
// Thread-compatible values. Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/strings/string_view.h"

namespace dcp::mysql {

using Bytes = std::span<const uint8_t>;

inline absl::string_view AsText(Bytes bytes) {
  return absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}
inline Bytes AsBytes(absl::string_view text) {
  return Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

// `N` bytes, least significant first. The compiler makes one load of it.
template <size_t N>
inline uint64_t LoadLe(const uint8_t* p) {
  uint64_t value = 0;
  for (size_t i = 0; i < N; ++i) value |= uint64_t{p[i]} << (8 * i);
  return value;
}

// `N` bytes, most significant first.
template <size_t N>
inline uint64_t LoadBe(const uint8_t* p) {
  uint64_t value = 0;
  for (size_t i = 0; i < N; ++i) value = value << 8 | p[i];
  return value;
}

inline uint64_t LoadLe(const uint8_t* p, size_t n) {
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) value |= uint64_t{p[i]} << (8 * i);
  return value;
}

inline uint64_t LoadBe(const uint8_t* p, size_t n) {
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) value = value << 8 | p[i];
  return value;
}

// A cursor with a sticky failure: a read beyond the end gives 0 (or an empty
// span) and makes ok() false for good. So a parser reads its fields one after
// the other and asks ok() once, before it uses what it read.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  void Fail() { ok_ = false; }
  size_t left() const { return static_cast<size_t>(end_ - p_); }
  const uint8_t* position() const { return p_; }
  Bytes rest() const { return Bytes(p_, left()); }

  template <size_t N>
  uint64_t Le() {
    const Bytes bytes = Take(N);
    return bytes.size() == N ? LoadLe<N>(bytes.data()) : 0;
  }
  uint8_t U8() { return static_cast<uint8_t>(Le<1>()); }
  uint16_t U16() { return static_cast<uint16_t>(Le<2>()); }
  uint32_t U32() { return static_cast<uint32_t>(Le<4>()); }
  uint64_t U48() { return Le<6>(); }
  uint64_t U64() { return Le<8>(); }

  // MySQL's length-encoded integer; NULL (0xfb) and 0xff are failures.
  uint64_t PackedInt() {
    const uint8_t first = U8();
    switch (first) {
      case 0xfb:
      case 0xff:
        ok_ = false;
        return 0;
      case 0xfc:
        return Le<2>();
      case 0xfd:
        return Le<3>();
      case 0xfe:
        return Le<8>();
      default:
        return first;
    }
  }

  Bytes Take(uint64_t n) {
    if (!ok_ || n > left()) {
      ok_ = false;
      return {};
    }
    const Bytes taken(p_, static_cast<size_t>(n));
    p_ += n;
    return taken;
  }
  void Skip(uint64_t n) { Take(n); }

  // A packed length and as many bytes.
  absl::string_view PackedText() { return AsText(Take(PackedInt())); }

 private:
  const uint8_t* p_;
  const uint8_t* end_;
  bool ok_ = true;
};

}  // namespace dcp::mysql
