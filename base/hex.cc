#include "base/hex.h"

#include <optional>

#include "absl/strings/str_format.h"

namespace dcp {
namespace {

constexpr size_t kDigitsOf64 = 16;

std::optional<uint64_t> ValueOf(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint64_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<uint64_t>(digit - 'a' + 10);
  return std::nullopt;
}

std::optional<uint64_t> ParseHex64(absl::string_view text) {
  uint64_t parsed = 0;
  for (char digit : text) {
    const std::optional<uint64_t> value = ValueOf(digit);
    if (!value) return std::nullopt;
    parsed = parsed << 4 | *value;
  }
  return parsed;
}

}  // namespace

std::string Hex128(uint64_t high, uint64_t low) { return absl::StrFormat("%016x%016x", high, low); }

bool ParseHex128(absl::string_view text, uint64_t* high, uint64_t* low) {
  if (text.size() != 2 * kDigitsOf64) return false;
  const std::optional<uint64_t> first = ParseHex64(text.substr(0, kDigitsOf64));
  const std::optional<uint64_t> second = ParseHex64(text.substr(kDigitsOf64));
  if (!first || !second) return false;
  *high = *first;
  *low = *second;
  return true;
}

}  // namespace dcp
