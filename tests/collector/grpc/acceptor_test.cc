#include "collector/grpc/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A connection to 127.0.0.1; the kernel makes it before anybody accepts.
FileDescriptor Connect(int port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

// The process may have no more descriptors than it has.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const FileDescriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit none = {static_cast<rlim_t>(next.get()), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

class AcceptorTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Acceptor>> Listen(const std::string& address) {
    DCP_ASSIGN_OR_RETURN(auto listeners, Listeners::Open(address));
    return Acceptor::Create(std::move(listeners), [this](absl::string_view line) {
      MutexLock lock(mu_);
      log_.emplace_back(line);
    });
  }
  void Start(Acceptor& acceptor) {
    acceptor.Start([this](int fd) {
      ::close(fd);
      ++accepted_;
    });
  }
  std::vector<std::string> log() {
    MutexLock lock(mu_);
    return log_;
  }

  std::atomic<int> accepted_{0};
  Mutex mu_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(mu_);
};

TEST_F(AcceptorTest, HandsOverConnectionsAlsoThoseFromBeforeTheStart) {
  ASSERT_OK_AND_ASSIGN(const auto acceptor, Listen("127.0.0.1:0"));
  ASSERT_GT(acceptor->port(), 0);
  const FileDescriptor before = Connect(acceptor->port());
  Start(*acceptor);
  const FileDescriptor behind = Connect(acceptor->port());
  EXPECT_TRUE(test::Eventually([&] { return accepted_ == 2; }));
  EXPECT_EQ(acceptor->failures(), 0);
}

TEST_F(AcceptorTest, ListensAtEveryAddressOfAHost) {
  ASSERT_OK_AND_ASSIGN(const auto acceptor, Listen("localhost:0"));
  Start(*acceptor);
  const FileDescriptor fd = Connect(acceptor->port());
  EXPECT_TRUE(test::Eventually([&] { return accepted_ == 1; }));
}

TEST_F(AcceptorTest, WaitsForDescriptors) {
  ASSERT_OK_AND_ASSIGN(const auto acceptor, Listen("127.0.0.1:0"));
  const FileDescriptor fd = Connect(acceptor->port());
  {
    const NoDescriptors none;
    Start(*acceptor);
    EXPECT_TRUE(test::Eventually([&] { return acceptor->failures() >= 2; }));
    EXPECT_EQ(accepted_, 0);
  }
  EXPECT_TRUE(test::Eventually([&] { return accepted_ == 1; }));
  EXPECT_THAT(log(), ElementsAre(AllOf(HasSubstr("wait"), HasSubstr("Too many open files")),
                                 "connections are accepted again"));
}

TEST_F(AcceptorTest, StopsWhileItWaits) {
  ASSERT_OK_AND_ASSIGN(const auto acceptor, Listen("127.0.0.1:0"));
  const FileDescriptor fd = Connect(acceptor->port());
  const NoDescriptors none;
  Start(*acceptor);
  EXPECT_TRUE(test::Eventually([&] { return acceptor->failures() >= 1; }));
  acceptor->Stop();
  acceptor->Stop();
  EXPECT_EQ(accepted_, 0);
}

TEST_F(AcceptorTest, SaysWhyItCannotListen) {
  ASSERT_OK_AND_ASSIGN(const auto first, Listen("127.0.0.1:0"));
  const auto second = Listen(absl::StrCat("127.0.0.1:", first->port()));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(StartsWith("cannot listen on 127.0.0.1:"), HasSubstr("in use")));
  for (const char* address : {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "192.0.2.1:0"}) {
    EXPECT_FALSE(Listen(address).ok()) << address;
  }
}

}  // namespace
}  // namespace dcp::collector
