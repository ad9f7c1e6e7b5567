#include "tests/cmd/event_readers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"

namespace dcp::test {
namespace {

constexpr char kRequest[] =
    "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
constexpr int kLookMs = 100;

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
      << std::strerror(errno);
  const auto size = static_cast<ssize_t>(std::strlen(kRequest));
  EXPECT_EQ(send(fd, kRequest, std::strlen(kRequest), MSG_NOSIGNAL), size);
  return fd;
}

}  // namespace

EventReaders::EventReaders(uint16_t port, size_t readers) : readers_(readers), told_(readers) {
  for (Reader& reader : readers_) reader.fd = Connect(port);
  thread_ = std::thread([this] { Run(); });
}

EventReaders::~EventReaders() {
  stop_ = true;
  thread_.join();
  for (const Reader& reader : readers_) close(reader.fd);
}

std::vector<EventReaders::Told> EventReaders::told() const {
  MutexLock lock(mu_);
  return told_;
}

void EventReaders::Run() {
  while (!stop_) {
    std::vector<pollfd> polled;
    for (const Reader& reader : readers_) {
      polled.push_back({reader.told.closed ? -1 : reader.fd, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), kLookMs);
    for (size_t i = 0; i < readers_.size(); ++i) {
      if (polled[i].revents != 0) Take(readers_[i]);
    }
    MutexLock lock(mu_);
    for (size_t i = 0; i < readers_.size(); ++i) told_[i] = readers_[i].told;
  }
}

void EventReaders::Take(Reader& reader) {
  char bytes[64 << 10];
  const ssize_t size = recv(reader.fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (size <= 0) {
    reader.told.closed = size == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
  reader.pending.append(bytes, static_cast<size_t>(size));
  for (size_t end; (end = reader.pending.find("\n\n")) != std::string::npos;) {
    Note(reader.pending.substr(0, end), reader.told);
    reader.pending.erase(0, end + 2);
  }
}

void EventReaders::Note(const std::string& event, Told& told) {
  if (absl::StrContains(event, "event: status")) ++told.statuses;
  if (!absl::StrContains(event, "event: segments")) return;
  constexpr char kNumber[] = "\"number\":";
  for (size_t at = event.find(kNumber); at != std::string::npos; at = event.find(kNumber, at + 1)) {
    const uint64_t number = std::strtoull(event.c_str() + at + std::strlen(kNumber), nullptr, 10);
    if (told.first == 0) told.first = number;
    if (told.last != 0 && number != told.last + 1) ++told.gaps;
    told.last = number;
  }
}

}  // namespace dcp::test
