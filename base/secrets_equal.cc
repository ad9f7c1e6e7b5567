#include "base/secrets_equal.h"

#include <openssl/crypto.h>

namespace dcp {

bool SecretsEqual(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dcp
