#include "base/fair_mutex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"

namespace dcp {
namespace {

using ::testing::ElementsAre;

struct Turns {
  FairMutex mu;
  std::vector<std::string> names ABSL_GUARDED_BY(mu);

  void Take(const std::string& name) {
    FairLock lock(mu);
    names.push_back(name);
  }
};

TEST(FairMutexTest, IsGivenInTheOrderOfThoseWhoWait) {
  Turns turns;
  std::vector<std::thread> threads;
  {
    FairLock lock(turns.mu);
    for (const char* name : {"first", "second", "third"}) {
      threads.emplace_back([&turns, name] { turns.Take(name); });
      ASSERT_TRUE(test::Eventually([&] { return turns.mu.waiting() == threads.size(); }));
    }
  }
  turns.Take("who had it");  // at once, and yet behind them
  for (std::thread& thread : threads) thread.join();
  FairLock lock(turns.mu);
  EXPECT_THAT(turns.names, ElementsAre("first", "second", "third", "who had it"));
}

TEST(FairMutexTest, OneAtATimeHasIt) {
  Turns turns;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&turns] {
      for (int i = 0; i < 1000; ++i) turns.Take("x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  FairLock lock(turns.mu);
  EXPECT_EQ(turns.names.size(), 4000u);
}

}  // namespace
}  // namespace dcp
