// Digest: a 128-bit hash of a key or of a content, and its sums.
//
// XXH3-128 (https://xxhash.com) is used for keys always, and for contents when
// every tag of a check comes from MySQL; MD5 contents are stored in the same type.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace dcp::model {

struct Digest {
  uint64_t high = 0;
  uint64_t low = 0;

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;

  // Sum and difference modulo 2^128: the order of the summands does not matter,
  // and equal summands do not cancel (as they do under XOR).
  Digest& operator+=(const Digest& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  friend Digest operator+(Digest a, const Digest& b) { return a += b; }
  Digest operator-() const { return Digest{low == 0 ? ~high + 1 : ~high, ~low + 1}; }

  template <typename H>
  friend H AbslHashValue(H h, const Digest& digest) {
    return H::combine(std::move(h), digest.high, digest.low);
  }
};

// XXH3-128 of `bytes`.
Digest Xxh3(absl::string_view bytes);

// 32 lower-case hexadecimal digits.
std::string ToHex(const Digest& digest);

// nullopt: `text` is not what ToHex() gives.
std::optional<Digest> FromHex(absl::string_view text);

}  // namespace dcp::model
