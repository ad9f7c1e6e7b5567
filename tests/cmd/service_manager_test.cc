#include "cmd/dcp/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using ::testing::HasSubstr;

// The socket of a service manager, and the environment that names it. '@' begins an abstract name.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& name) : name_(name) {
    fd_ = socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const size_t size = offsetof(sockaddr_un, sun_path) + name.size();
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)),
              0)
        << name << ": " << std::strerror(errno);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~NotifySocket() {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
    if (name_[0] == '/') unlink(name_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // What was sent; empty: nothing.
  std::string Received() const {
    char text[256];
    const ssize_t size = recv(fd_, text, sizeof(text), MSG_DONTWAIT);
    return size > 0 ? std::string(text, static_cast<size_t>(size)) : "";
  }

 private:
  std::string name_;
  int fd_;
};

TEST(ServiceManagerTest, HearsBySocketsWithAPathAndWithout) {
  for (const std::string& name : {absl::StrCat(::testing::TempDir(), "/dcp-notify-", getpid()),
                                  absl::StrCat("@dcp-notify-", getpid())}) {
    const NotifySocket manager(name);
    EXPECT_OK(TellServiceManager("READY=1"));
    EXPECT_EQ(manager.Received(), "READY=1");
    EXPECT_EQ(manager.Received(), "");
    EXPECT_OK(TellServiceManager("STOPPING=1"));
    EXPECT_EQ(manager.Received(), "STOPPING=1");
  }
}

TEST(ServiceManagerTest, WithoutOneThereIsNothingToDo) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_OK(TellServiceManager("READY=1"));
  setenv("NOTIFY_SOCKET", "", 1);
  EXPECT_OK(TellServiceManager("READY=1"));
  unsetenv("NOTIFY_SOCKET");
}

TEST(ServiceManagerTest, AnAddressThatCannotBeIsAnError) {
  for (const std::string& name :
       {std::string("relative"), std::string("/"), std::string("/nonexistent/notify"),
        "/" + std::string(sizeof(sockaddr_un{}.sun_path) - 1, 'x')}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const absl::Status status = TellServiceManager("READY=1");
    EXPECT_TRUE(absl::IsUnavailable(status)) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("NOTIFY_SOCKET=" + name));
  }
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace dcp::cmd
