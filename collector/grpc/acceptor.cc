#include "collector/grpc/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace dcp::collector {
namespace {

// While descriptors are used up.
constexpr absl::Duration kRetry = absl::Milliseconds(100);

void SetOption(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Create(
    std::shared_ptr<const Listeners> listeners, LogFunction log) {
  FileDescriptor stop_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!stop_event.open()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot make an event: ", std::generic_category().message(errno)));
  }
  return std::unique_ptr<Acceptor>(
      new Acceptor(std::move(listeners), std::move(log), std::move(stop_event)));
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
  listeners_ = nullptr;
}

void Acceptor::Run() {
  std::vector<pollfd> waited = {{stop_event_.get(), POLLIN, 0}};
  for (const FileDescriptor& listener : listeners_->sockets())
    waited.push_back({listener.get(), POLLIN, 0});
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
