#include "tests/servers/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::test {
namespace {

constexpr size_t kHeader = 4;  // of a packet: length, number
constexpr size_t kWholePacket = 0xffffff;
constexpr uint8_t kComBinlogDump = 0x12;
constexpr uint8_t kComBinlogDumpGtid = 0x1e;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int ConnectTo(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    SendAtOnce(fd);
    return fd;
  }
  close(fd);
  return -1;
}

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// Appends what has come; false at the end.
bool Receive(int fd, std::string* buffer) {
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t got = recv(fd, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    buffer->append(piece.data(), static_cast<size_t>(got));
    return true;
  }
}

uint8_t ByteAt(absl::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// Of the packet at the beginning of `bytes`, with its header; REQUIRES: the header is there.
size_t PacketSize(absl::string_view bytes) {
  return kHeader + (size_t{ByteAt(bytes, 0)} | size_t{ByteAt(bytes, 1)} << 8 |
                    size_t{ByteAt(bytes, 2)} << 16);
}

// Of all packets of the first event; 0 where it has not come whole.
size_t EventSize(absl::string_view bytes) {
  size_t size = 0;
  while (bytes.size() >= size + kHeader) {
    const size_t packet = PacketSize(bytes.substr(size));
    size += packet;
    if (bytes.size() < size) return 0;
    if (packet < kHeader + kWholePacket) return size;
  }
  return 0;
}

bool AsksForBinlog(absl::string_view packet) {
  if (packet.size() <= kHeader || ByteAt(packet, 3) != 0) return false;
  const uint8_t command = ByteAt(packet, kHeader);
  return command == kComBinlogDump || command == kComBinlogDumpGtid;
}

}  // namespace

std::optional<StreamFaults::Fault> BreakBehindEachEvent::At(absl::string_view event) {
  const std::string_view content(event.data() + kHeader, event.size() - kHeader);
  if (!seen_.insert(std::hash<std::string_view>()(content)).second) return std::nullopt;
  if (seen_.size() % every_ != 0) return std::nullopt;
  const size_t number = breaks_++;
  return Fault{event.size(), number % 2 == 0 ? Break::kClose : Break::kReset};
}

void BreakAtRandomBytes::Begin() {
  until_break_ = std::uniform_int_distribution<uint64_t>(1, 2 * bytes_)(random_);
}

std::optional<StreamFaults::Fault> BreakAtRandomBytes::At(absl::string_view event) {
  if (left_ == 0) return std::nullopt;
  if (until_break_ > event.size()) {
    until_break_ -= event.size();
    return std::nullopt;
  }
  return Fault{static_cast<size_t>(until_break_), left_-- % 2 == 0 ? Break::kClose : Break::kReset};
}

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, any, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, any, &size) != 0) {
    const std::string why = std::strerror(errno);
    close(listener);
    return absl::UnavailableError(absl::StrCat("the proxy cannot listen: ", why));
  }
  std::unique_ptr<FaultProxy> proxy(new FaultProxy(listener, ntohs(address.sin_port), port));
  proxy->acceptor_ = std::thread([p = proxy.get()] { p->Accept(); });
  return proxy;
}

FaultProxy::FaultProxy(int listener, uint16_t port, uint16_t target)
    : listener_(listener), port_(port), target_(target) {}

FaultProxy::~FaultProxy() {
  {
    MutexLock lock(mu_);
    ended_ = true;
    changed_.NotifyAll();
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  CutAll();
  Reap(true);
}

void FaultProxy::SetFaults(std::shared_ptr<StreamFaults> faults) {
  MutexLock lock(mu_);
  faults_ = std::move(faults);
}

void FaultProxy::Stall() {
  MutexLock lock(mu_);
  stalled_ = true;
}

void FaultProxy::SetDelay(absl::Duration delay) {
  MutexLock lock(mu_);
  delay_ = delay;
}

void FaultProxy::Refuse() {
  {
    MutexLock lock(mu_);
    refusing_ = true;
  }
  CutAll();
}

void FaultProxy::Heal() {
  MutexLock lock(mu_);
  stalled_ = refusing_ = false;
  delay_ = absl::ZeroDuration();
  changed_.NotifyAll();
}

void FaultProxy::CutAll() {
  MutexLock lock(mu_);
  for (const auto& link : links_) {
    if (link->running > 0) End(link.get(), false);
  }
}

void FaultProxy::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (client < 0) return;
    Reap(false);
    Open(client);
  }
}

void FaultProxy::Open(int client) {
  SendAtOnce(client);
  const int server = ConnectTo(target_);
  MutexLock lock(mu_);
  if (server < 0 || refusing_ || ended_) {
    close(client);
    if (server >= 0) close(server);
    return;
  }
  auto link = std::make_unique<Link>();
  link->client = client;
  link->server = server;
  Link* const opened = links_.emplace_back(std::move(link)).get();
  opened->up = std::thread([this, opened] { Upwards(opened); });
  opened->down = std::thread([this, opened] { Downwards(opened); });
}

// Joins the threads of the links that have ended.
void FaultProxy::Reap(bool all) {
  std::list<std::unique_ptr<Link>> ended;
  {
    MutexLock lock(mu_);
    for (auto it = links_.begin(); it != links_.end();) {
      const auto next = std::next(it);
      if (all || (*it)->running == 0) ended.splice(ended.end(), links_, it);
      it = next;
    }
  }
  for (const auto& link : ended) {
    link->up.join();
    link->down.join();
  }
}

void FaultProxy::BeginStream(Link* link) {
  ++streams_;
  MutexLock lock(mu_);
  link->faults = faults_;
  if (link->faults != nullptr) link->faults->Begin();
  link->streaming = true;
}

void FaultProxy::Upwards(Link* link) {
  std::string piece, unread;  // of the packet that has not come whole
  while (Receive(link->client, &piece)) {
    unread += piece;
    while (unread.size() >= kHeader && unread.size() >= PacketSize(unread)) {
      if (!link->streaming && AsksForBinlog(absl::string_view(unread).substr(0, kHeader + 1))) {
        BeginStream(link);
      }
      unread.erase(0, PacketSize(unread));
    }
    if (!Forward(link, link->server, piece)) break;
    piece.clear();
  }
  End(link, false);
  Finish(link);
}

void FaultProxy::Downwards(Link* link) {
  std::string buffer;
  bool open = true;
  while (open && Receive(link->server, &buffer)) {
    if (link->streaming && link->faults != nullptr) {
      while (open && EventSize(buffer) > 0) open = ForwardEvent(link, &buffer);
    } else {
      open = Forward(link, link->client, buffer);
      buffer.clear();
    }
  }
  if (open) End(link, false);
  Finish(link);
}

bool FaultProxy::ForwardEvent(Link* link, std::string* buffer) {
  const size_t size = EventSize(*buffer);
  const absl::string_view event = absl::string_view(*buffer).substr(0, size);
  const std::optional<StreamFaults::Fault> fault = link->faults->At(event);
  if (fault.has_value()) return Break(link, event, *fault);
  const bool sent = Forward(link, link->client, event);
  buffer->erase(0, size);
  if (!sent) End(link, false);
  return sent;
}

// False: the connection is at its end.
bool FaultProxy::Break(Link* link, absl::string_view event, const StreamFaults::Fault& fault) {
  Forward(link, link->client, event.substr(0, fault.after));
  if (fault.how == StreamFaults::Break::kStall) {
    link->stalled = true;
    Forward(link, link->client, " ");  // waits until the link is cut
  }
  End(link, fault.how == StreamFaults::Break::kReset);
  return false;
}

bool FaultProxy::Forward(Link* link, int to, absl::string_view bytes) {
  absl::Duration delay;
  {
    MutexLock lock(mu_);
    while ((stalled_ || link->stalled) && !ended_) changed_.WaitFor(mu_, absl::Milliseconds(100));
    if (ended_) return false;
    delay = delay_;
    if (delay > absl::ZeroDuration()) changed_.WaitFor(mu_, delay);
  }
  return SendAll(to, bytes);
}

// The second of the two threads closes the sockets: of a reset link the client hears now.
void FaultProxy::Finish(Link* link) {
  MutexLock lock(mu_);
  if (--link->running > 0) return;
  close(link->client);
  close(link->server);
}

// Wakes both threads.
void FaultProxy::End(Link* link, bool reset) {
  if (reset) {
    const linger at_once = {1, 0};
    setsockopt(link->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  shutdown(link->client, reset ? SHUT_RD : SHUT_RDWR);
  shutdown(link->server, SHUT_RDWR);
}

}  // namespace dcp::test
