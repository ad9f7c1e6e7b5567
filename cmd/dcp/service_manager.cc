#include "cmd/dcp/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/log.h"

namespace dcp::cmd {
namespace {

absl::Status Unavailable(const std::string& name, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("the service manager at NOTIFY_SOCKET=", name, " is not told: ", why));
}

// A path, or a name of the abstract namespace behind an '@'.
bool ToAddress(const std::string& name, sockaddr_un* address, socklen_t* size) {
  if (name.size() < 2 || (name[0] != '/' && name[0] != '@')) return false;
  if (name.size() >= sizeof(address->sun_path)) return false;
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, name.data(), name.size());
  if (name[0] == '@') address->sun_path[0] = '\0';
  *size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return true;
}

void Say(const char* state) {
  const absl::Status status = TellServiceManager(state);
  if (!status.ok()) LogWarning(status.message());
}

}  // namespace

absl::Status TellServiceManager(const char* state) {
  const char* const socket_name = std::getenv("NOTIFY_SOCKET");
  if (socket_name == nullptr || *socket_name == '\0') return absl::OkStatus();
  const std::string name = socket_name;
  sockaddr_un address{};
  socklen_t size = 0;
  if (!ToAddress(name, &address, &size)) return Unavailable(name, "that is no address of a socket");
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Unavailable(name, std::strerror(errno));
  const size_t length = std::strlen(state);
  // The form that sendto takes every address in.
  const ssize_t sent =
      sendto(fd, state, length, MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  const int error = errno;
  close(fd);
  return sent == static_cast<ssize_t>(length) ? absl::OkStatus()
                                              : Unavailable(name, std::strerror(error));
}

void SayReady() {
  LogInfo("ready");
  Say("READY=1");
}

void SayStopping() {
  LogInfo("stopping");
  Say("STOPPING=1");
}

}  // namespace dcp::cmd
