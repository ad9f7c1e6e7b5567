#include "model/digest.h"

#include <xxhash.h>

#include "base/hex.h"

namespace dcp::model {

Digest Xxh3(absl::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return Digest{hash.high64, hash.low64};
}

std::string ToHex(const Digest& digest) { return Hex128(digest.high, digest.low); }

}  // namespace dcp::model
