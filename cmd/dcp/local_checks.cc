#include "cmd/dcp/local_checks.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace dcp::cmd {
namespace {

namespace fs = std::filesystem;

absl::Status Refused(const std::string& what, const char* why) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", why));
}

// `dir`, or the nearest above it that is there.
fs::path NearestExisting(const fs::path& dir) {
  std::error_code ignored;
  fs::path at = fs::absolute(dir, ignored);
  while (!fs::exists(at, ignored) && at.has_parent_path() && at != at.parent_path()) {
    at = at.parent_path();
  }
  return at;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::Status TryListen(const addrinfo& address, const std::string& name) {
  const int fd = socket(address.ai_family, address.ai_socktype, address.ai_protocol);
  if (fd < 0) return Refused(name, std::strerror(errno));
  const int on = 1;  // an address that was listened on a moment ago is free
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool free = bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = free ? 0 : errno;
  close(fd);
  if (error == 0) return absl::OkStatus();
  if (error == EADDRINUSE) return absl::UnavailableError(absl::StrCat(name, " is in use"));
  return Refused(name, std::strerror(error));
}

}  // namespace

absl::Status CheckWritableDirectory(const std::string& dir) {
  const fs::path there = NearestExisting(dir);
  std::error_code ignored;
  if (!fs::is_directory(there, ignored)) return Refused(there.string(), "is no directory");
  // Permissions alone do not tell: the file system may be full or read-only.
  std::string trial = (there / ".dcp-check-XXXXXX").string();
  if (mkdtemp(trial.data()) == nullptr) return Refused(there.string(), std::strerror(errno));
  rmdir(trial.c_str());
  return absl::OkStatus();
}

absl::Status CheckListenAddress(const config::Endpoint& endpoint) {
  const std::string name = absl::StrCat(endpoint.host, ":", endpoint.port);
  std::string host = endpoint.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const std::string port = absl::StrCat(endpoint.port);
  const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (failed != 0) return Refused(name, gai_strerror(failed));
  const Addresses addresses(list);
  return TryListen(*addresses, name);
}

}  // namespace dcp::cmd
