// SharedServers: ReplicaPairs for all tests of a binary, started once and reset before each test.
//
//   class MyTest : public ::testing::Test {
//    protected:
//     void SetUp() override { ASSERT_OK(SharedServers::Reset()); }
//     ReplicaPair& pair_ = SharedServers::Pair();
//   };
//
// A binary links dcp::test_servers_main, whose main() calls Register() with the defaults, or has a
// main() of its own. Where the servers cannot be had no test runs and the binary fails with the
// reason. Pairs of other flavours and appliers are started when the first test asks for them:
//
//     void SetUp() override {
//       ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMariaDb)));
//     }
//
// A test that wants options that no other test wants starts a ReplicaPair of its own instead.
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

  // The pair with these options, reset; it lives until the last test has ended. Errors as
  // ReplicaPair::Start and ReplicaPair::Reset. REQUIRES: registered; a test is running.
  static absl::StatusOr<ReplicaPair*> Fresh(const ReplicaPairOptions& options);
};

}  // namespace dcp::test
