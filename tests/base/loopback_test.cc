#include "base/loopback.h"

#include <gtest/gtest.h>

namespace dcp {
namespace {

TEST(IsLoopbackTest, IsThisMachineByItsAddresses) {
  for (const char* host :
       {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
}

TEST(IsLoopbackTest, IsNoNameThatSomebodyElseMayHave) {
  for (const char* host : {"", "127.example.com", "127.0.0.1.example.com", "127.1", "127.",
                           "127.0.0.256", "1127.0.0.1", "localhost.example.com", "0.0.0.0",
                           "::", "::2", "::ffff:10.0.0.1", "10.0.0.1", "[::1]"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
  EXPECT_FALSE(IsLoopback(absl::string_view("127.0.0.1\0.example.com", 21)));
}

}  // namespace
}  // namespace dcp
