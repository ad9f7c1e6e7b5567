#include "base/json_string.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dcp {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// False: none of eight characters does. ("Determine if a word has a byte less than n", S. E.
// Anderson, Bit Twiddling Hacks; a borrow may make it true for nothing.)
bool MayNeedEscape(const char* eight) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  uint64_t word = 0;
  std::memcpy(&word, eight, sizeof(word));
  const uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) & ~word & kHighs) != 0;
}

// Where the first character from `at` on stands that needs an escape.
size_t PlainEnd(absl::string_view text, size_t at) {
  while (true) {
    while (at + 8 <= text.size() && !MayNeedEscape(text.data() + at)) at += 8;
    const size_t stop = at + 8 < text.size() ? at + 8 : text.size();
    while (at < stop && !NeedsEscape(text[at])) ++at;
    if (at < stop || at == text.size()) return at;
  }
}

// The letter after the backslash; 0 where \u00xx is needed.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void AppendEscaped(char c, std::string* out) {
  out->push_back('\\');
  if (const char letter = ShortEscape(c)) {
    out->push_back(letter);
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out->append("u00");
  out->push_back(kHex[byte >> 4]);
  out->push_back(kHex[byte & 15]);
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (size_t at = 0; at < text.size();) {
    const size_t end = PlainEnd(text, at);
    out->append(text.data() + at, end - at);
    if (end < text.size()) AppendEscaped(text[end], out);
    at = end + 1;
  }
  out->push_back('"');
}

}  // namespace dcp
