#include "base/loopback.h"

#include <arpa/inet.h>

#include <string>

#include "absl/strings/match.h"

namespace dcp {

bool IsLoopback(absl::string_view host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  const std::string text(host);
  if (text.find('\0') != std::string::npos) return false;
  in6_addr v6 = {};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  in_addr v4 = {};
  return ::inet_pton(AF_INET, text.c_str(), &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

}  // namespace dcp
