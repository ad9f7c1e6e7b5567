#include "collector/grpc/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>

namespace dcp::collector {
namespace {

TEST(WorkerPoolTest, WorkRunsSideBySideUpToTheLimit) {
  std::latch all_run(3);
  WorkerPool pool(3);
  for (int i = 0; i < 3; ++i) pool.Run([&] { all_run.arrive_and_wait(); });
  all_run.wait();
}

TEST(WorkerPoolTest, JoinWaitsForWorkBeyondTheLimitToo) {
  std::atomic<int> done{0};
  WorkerPool pool(2);
  for (int i = 0; i < 100; ++i) pool.Run([&] { ++done; });
  pool.Join();
  EXPECT_EQ(done, 100);
  pool.Join();
}

TEST(WorkerPoolTest, WorkIsDestroyedWhenItIsDone) {
  WorkerPool pool(1);
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = token;
  pool.Run([token = std::move(token)] {});
  pool.Join();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace dcp::collector
