#include "model/digest.h"

#include <xxhash.h>

#include "base/hex.h"

namespace dcp::model {

Digest Xxh3(absl::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return Digest{hash.high64, hash.low64};
}

std::string ToHex(const Digest& digest) { return Hex128(digest.high, digest.low); }

std::optional<Digest> FromHex(absl::string_view text) {
  Digest digest;
  if (!ParseHex128(text, &digest.high, &digest.low)) return std::nullopt;
  return digest;
}

}  // namespace dcp::model
