#include "base/hex.h"

#include "absl/strings/str_format.h"

namespace dcp {

std::string Hex128(uint64_t high, uint64_t low) { return absl::StrFormat("%016x%016x", high, low); }

}  // namespace dcp
