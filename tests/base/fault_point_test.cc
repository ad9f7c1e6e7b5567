#include "base/fault_point.h"

#include <gtest/gtest.h>

#include <csignal>

#include "absl/status/status.h"
#include "tests/support/status_matchers.h"

namespace dcp {
namespace {

// In a process of its own: what is armed stays so.
void ArmAndPass(const char* armed, int times) {
  if (!ArmFaultPoint(armed).ok()) std::_Exit(2);
  for (int i = 0; i < times; ++i) FaultPoint("a.b");
  std::_Exit(0);
}

TEST(FaultPointTest, NothingHappensUnarmed) { FaultPoint("a.b"); }

TEST(FaultPointTest, KillsAtThePointThatIsNamed) {
  EXPECT_EXIT(ArmAndPass("a.b", 1), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(ArmAndPass("a.c", 1), ::testing::ExitedWithCode(0), "");
}

TEST(FaultPointTest, KillsAtTheTimeThatIsNamed) {
  EXPECT_EXIT(ArmAndPass("a.b:3", 2), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(ArmAndPass("a.b:3", 3), ::testing::KilledBySignal(SIGKILL), "");
}

TEST(FaultPointTest, RefusesWhatIsNone) {
  for (const char* text : {"", ":1", "a:", "a:0", "a:-1", "a:x", "a:1:2"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ArmFaultPoint(text))) << text;
  }
}

}  // namespace
}  // namespace dcp
