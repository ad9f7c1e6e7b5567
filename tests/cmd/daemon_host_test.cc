#include "cmd/dcp/daemon_host.h"

#include <gtest/gtest.h>

#include "base/listeners.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

TEST(OpenListenersTest, PortZeroIsAnotherOneForEachSection) {
  config::Config config;
  const config::Endpoint any{"127.0.0.1", 0};
  config.http.emplace().listen = any;
  config.control.emplace().listen = any;
  OpenListeners listeners;
  ASSERT_OK(listeners.OpenAll(config));
  ASSERT_OK_AND_ASSIGN(const auto http, listeners.At("[http]", any));
  ASSERT_OK_AND_ASSIGN(const auto control, listeners.At("[control]", any));
  EXPECT_NE(http->port(), control->port());
  config.control.reset();
  listeners.CloseAllBut(config);
  ASSERT_OK_AND_ASSIGN(const auto again, listeners.At("[http]", any));
  EXPECT_EQ(http, again);
}

}  // namespace
}  // namespace dcp::cmd
