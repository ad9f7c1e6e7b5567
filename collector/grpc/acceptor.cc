#include "collector/grpc/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"

namespace dcp::collector {
namespace {

// While descriptors are used up.
constexpr absl::Duration kRetry = absl::Milliseconds(100);

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

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(const std::string& address,
                                                           LogFunction log) {
  FileDescriptor stop_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!stop_event.open()) return NoAddress(address, std::generic_category().message(errno));
  std::unique_ptr<Acceptor> acceptor(new Acceptor(std::move(log), std::move(stop_event)));
  DCP_RETURN_IF_ERROR(acceptor->ListenAt(address));
  return acceptor;
}

absl::Status Acceptor::ListenAt(const std::string& address) {
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
    listeners_.push_back(std::move(listener));
  }
  if (!listeners_.empty() && (error == 0 || IsAbsent(error))) {
    port_ = port;
    return absl::OkStatus();
  }
  return NoAddress(address, std::generic_category().message(error));
}

Acceptor::~Acceptor() { Stop(); }

void Acceptor::Start(Handler handler) {
  handler_ = std::move(handler);
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  stopper_.Stop();
  const uint64_t one = 1;
  // It cannot fail: the event is far from its limit.
  if (::write(stop_event_.get(), &one, sizeof one) < 0) return;
  if (thread_.joinable()) thread_.join();
  listeners_.clear();
}

void Acceptor::Run() {
  std::vector<pollfd> waited = {{stop_event_.get(), POLLIN, 0}};
  for (const FileDescriptor& listener : listeners_) waited.push_back({listener.get(), POLLIN, 0});
  while (!stopper_.stopped()) {
    if (::poll(waited.data(), waited.size(), -1) < 0) continue;  // interrupted
    for (size_t i = 1; i < waited.size(); ++i) {
      if (waited[i].revents != 0) AcceptAll(waited[i].fd);
    }
  }
}

void Acceptor::AcceptAll(int listener) {
  while (!stopper_.stopped()) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (Failed(errno)) continue;
      return;
    }
    if (std::exchange(failing_, false)) log_("connections are accepted again");
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    handler_(fd);
  }
}

bool Acceptor::Failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (error == EINTR || error == ECONNABORTED) return true;
  ++failures_;
  if (!std::exchange(failing_, true)) {
    log_(absl::StrCat("connections wait and are not accepted: ",
                      std::generic_category().message(error)));
  }
  return stopper_.Pause(kRetry, Clock::Real());
}

}  // namespace dcp::collector
