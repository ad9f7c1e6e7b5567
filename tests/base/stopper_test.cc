#include "base/stopper.h"

#include <gtest/gtest.h>

#include <thread>

namespace dcp {
namespace {

TEST(StopperTest, APauseEndsByTheClock) {
  Stopper stopper;
  const Clock& clock = Clock::Real();
  const absl::Duration until = clock.Monotonic() + absl::Milliseconds(5);
  EXPECT_TRUE(stopper.PauseUntil(until, clock));
  EXPECT_GE(clock.Monotonic(), until);
  EXPECT_TRUE(stopper.Pause(absl::ZeroDuration(), clock));
  EXPECT_TRUE(stopper.Pause(-absl::Seconds(1), clock));
  EXPECT_FALSE(stopper.stopped());
}

TEST(StopperTest, AStopEndsAllPausesForGood) {
  Stopper stopper;
  const auto pause = [&] { EXPECT_FALSE(stopper.Pause(absl::Hours(10), Clock::Real())); };
  std::thread one(pause), two(pause);
  stopper.Stop();
  one.join();
  two.join();
  pause();
  stopper.Stop();
  EXPECT_TRUE(stopper.stopped());
  EXPECT_FALSE(stopper.Pause(absl::ZeroDuration(), Clock::Real()));
}

}  // namespace
}  // namespace dcp
