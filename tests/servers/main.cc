// main() of the integration tests that use SharedServers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/servers/shared_servers.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  dcp::test::SharedServers::Register();
  return RUN_ALL_TESTS();
}
