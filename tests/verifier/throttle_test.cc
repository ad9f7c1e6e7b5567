#include "verifier/throttle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ThrottleTest : public ::testing::Test {
 protected:
  void Make(const LoadLimits& limits) {
    throttle_ = std::make_unique<Throttle>(
        limits,
        std::vector<LoadProbe>{{"source", [this] { return Next(&source_); }},
                               {"target", [this] { return Next(&target_); }}},
        clock_, pause_, [this](const std::string& text) { said_.push_back(text); });
  }

  // The answers, the last of which stays.
  absl::StatusOr<uint64_t> Next(std::vector<absl::StatusOr<uint64_t>>* answers) {
    ++asked_;
    const absl::StatusOr<uint64_t> answer = answers->front();
    if (answers->size() > 1) answers->erase(answers->begin());
    return answer;
  }

  test::SimulatedClock clock_;
  absl::Status stop_;
  const Pause pause_ = [this](absl::Duration time) {
    clock_.Advance(time);
    return stop_;
  };
  std::vector<absl::StatusOr<uint64_t>> source_ = {uint64_t{1}}, target_ = {uint64_t{1}};
  int asked_ = 0;
  std::vector<std::string> said_;
  std::unique_ptr<Throttle> throttle_;
};

TEST_F(ThrottleTest, WithoutLimitsNobodyIsAskedAndNothingWaits) {
  Make({});
  throttle_->Read(1'000'000);
  ASSERT_OK(throttle_->Admit());
  EXPECT_EQ(clock_.Monotonic(), absl::ZeroDuration());
  EXPECT_EQ(asked_, 0);
}

TEST_F(ThrottleTest, WaitsUntilBothServersAreIdleAndSaysSo) {
  source_ = {uint64_t{11}, uint64_t{12}, uint64_t{10}};
  target_ = {uint64_t{30}, uint64_t{10}};
  Make({.threads_running = 10});
  ASSERT_OK(throttle_->Admit());
  EXPECT_EQ(clock_.Monotonic(), absl::Seconds(3));
  EXPECT_THAT(said_, ElementsAre("paused: source has 11 threads running, more than 10",
                                 "goes on after 3s"));
}

TEST_F(ThrottleTest, AsksOnceInASecond) {
  Make({.threads_running = 10});
  for (int i = 0; i < 10; ++i) ASSERT_OK(throttle_->Admit());
  EXPECT_EQ(asked_, 2);
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(throttle_->Admit());
  EXPECT_EQ(asked_, 4);
}

TEST_F(ThrottleTest, AServerThatDoesNotAnswerHoldsNothingBack) {
  source_ = {absl::UnavailableError("gone")};
  Make({.threads_running = 10});
  ASSERT_OK(throttle_->Admit());
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ThrottleTest, AStopEndsThePause) {
  source_ = {uint64_t{99}};
  stop_ = absl::CancelledError("stopped");
  Make({.threads_running = 10});
  EXPECT_EQ(throttle_->Admit(), stop_);
}

TEST_F(ThrottleTest, KeepsToARateOfRows) {
  Make({.rows_per_second = 100});
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(throttle_->Admit());
    throttle_->Read(500);
  }
  ASSERT_OK(throttle_->Admit());
  EXPECT_GE(clock_.Monotonic(), absl::Seconds(48));
  EXPECT_LE(clock_.Monotonic(), absl::Seconds(50));
}

}  // namespace
}  // namespace dcp::verifier
