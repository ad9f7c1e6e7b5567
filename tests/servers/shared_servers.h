// SharedServers: one ReplicaPair for all tests of a binary.
//
//   class MyTest : public ::testing::Test {
//    protected:
//     void SetUp() override { ASSERT_OK(SharedServers::Reset()); }
//     ReplicaPair& pair_ = SharedServers::Pair();
//   };
//
// A binary links dcp::test_servers_main, whose main() calls Register() with the defaults, or has a
// main() of its own. Where the servers cannot be had no test runs and the binary fails with the
// reason.
#pragma once

#include "absl/status/status.h"
#include "tests/servers/replica_pair.h"

namespace dcp::test {

class SharedServers {
 public:
  // Has the pair started before the first test and ended after the last one. Call it once, between
  // InitGoogleTest and RUN_ALL_TESTS.
  static void Register(ReplicaPairOptions options = {});

  // REQUIRES: registered; a test is running.
  static ReplicaPair& Pair();

  // ReplicaPair::Reset: to be called before each test.
  static absl::Status Reset();
};

}  // namespace dcp::test
