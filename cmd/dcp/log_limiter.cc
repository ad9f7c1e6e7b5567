#include "cmd/dcp/log_limiter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace dcp::cmd {
namespace {

// The line without its numbers; digits of a name stay.
std::string KindOf(absl::string_view line) {
  std::string kind;
  bool in_name = false;
  for (const char c : line) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) in_name = absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
    if (!digit || in_name) {
      kind += c;
    } else if (kind.empty() || kind.back() != '#') {
      kind += '#';
    }
  }
  return kind;
}

}  // namespace

bool LogLimiter::Pass(absl::string_view line, absl::Duration now) {
  std::string name = KindOf(line);
  const auto found = kinds_.find(name);
  if (found == kinds_.end()) {
    if (kinds_.size() < options_.max_kinds) kinds_[std::move(name)] = {now, 1, 0, ""};
    return true;
  }
  Kind& kind = found->second;
  if (kind.said < options_.most) {
    ++kind.said;
    return true;
  }
  ++kind.held_back;
  kind.last = std::string(line);
  return false;
}

std::vector<std::string> LogLimiter::TakeHeldBack(absl::Duration now) {
  std::vector<std::string> lines;
  for (auto it = kinds_.begin(); it != kinds_.end();) {
    const Kind& kind = it->second;
    if (now - kind.began < options_.window) {
      ++it;
      continue;
    }
    if (kind.held_back > 0) {
      lines.push_back(absl::StrCat(kind.last, " (the last of ", kind.held_back,
                                   kind.held_back == 1 ? " such line" : " such lines",
                                   " left out)"));
    }
    it = kinds_.erase(it);
  }
  return lines;
}

}  // namespace dcp::cmd
