#include "model/wildcard.h"

#include <algorithm>

namespace dcp::model {
namespace {

// The index behind the character of UTF-8 that begins at `at`.
size_t NextCharacter(absl::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

}  // namespace

bool HasWildcard(absl::string_view pattern) {
  return pattern.find_first_of("*?") != absl::string_view::npos;
}

bool MatchesWildcard(absl::string_view pattern, absl::string_view text) {
  size_t p = 0, t = 0;
  // Where to go on after the last '*' when what followed it did not match.
  size_t star = absl::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = NextCharacter(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = star_text = NextCharacter(text, star_text);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool MayMeet(absl::string_view pattern, absl::string_view other) {
  if (!HasWildcard(pattern)) return MatchesWildcard(other, pattern);
  if (!HasWildcard(other)) return MatchesWildcard(pattern, other);
  const absl::string_view head = pattern.substr(0, pattern.find_first_of("*?"));
  const absl::string_view other_head = other.substr(0, other.find_first_of("*?"));
  const size_t common = std::min(head.size(), other_head.size());
  return head.substr(0, common) == other_head.substr(0, common);
}

}  // namespace dcp::model
