#include "base/listeners.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp {
namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

absl::Status NoAddress(absl::string_view address, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", address, ": ", why));
}

// HOST:PORT, [HOST]:PORT
absl::StatusOr<HostPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port > 65535) {
    return NoAddress(address, "it must be HOST:PORT");
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return HostPort{std::move(host), static_cast<uint16_t>(port)};
}

absl::StatusOr<Addresses> Resolve(const std::string& address, const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), "0", &hints, &found);
  if (error != 0) return NoAddress(address, ::gai_strerror(error));
  return Addresses(found, ::freeaddrinfo);
}

void SetPort(sockaddr* address, uint16_t port) {
  if (address->sa_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  } else if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  }
}

uint16_t PortOf(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

void SetOption(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

// Not open, and errno, where it cannot be.
FileDescriptor ListenerAt(const addrinfo& address, bool is_alone) {
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  FileDescriptor fd(::socket(address.ai_family, SOCK_STREAM | kFlags, 0));
  if (!fd.open()) return fd;
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, !is_alone);
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(fd.get(), SOMAXCONN) == 0) {
    return fd;
  }
  return FileDescriptor();
}

// An address that this machine has not, besides another one that it has.
bool IsAbsent(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

}  // namespace

absl::StatusOr<std::shared_ptr<const Listeners>> Listeners::Open(const std::string& address) {
  std::shared_ptr<Listeners> listeners(new Listeners);
  DCP_RETURN_IF_ERROR(listeners->ListenAt(address));
  return std::shared_ptr<const Listeners>(std::move(listeners));
}

absl::Status Listeners::ListenAt(const std::string& address) {
  DCP_ASSIGN_OR_RETURN(const HostPort wanted, Split(address));
  DCP_ASSIGN_OR_RETURN(const Addresses addresses, Resolve(address, wanted.host));
  const bool is_alone = addresses->ai_next == nullptr;
  uint16_t port = wanted.port;
  int error = 0;
  for (addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    SetPort(one->ai_addr, port);
    FileDescriptor listener = ListenerAt(*one, is_alone);
    if (!listener.open()) {
      error = errno;
      if (!IsAbsent(error)) break;
      continue;
    }
    if (port == 0) port = PortOf(listener.get());
    sockets_.push_back(std::move(listener));
  }
  if (!sockets_.empty() && (error == 0 || IsAbsent(error))) {
    port_ = port;
    return absl::OkStatus();
  }
  return NoAddress(address, std::generic_category().message(error));
}

}  // namespace dcp
