// WorkerPool: threads for work that may block, at most `max_threads` of them,
// started when first needed and used again.
//
// Thread-safe. The destructor waits for all work that was given.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace dcp::collector {

class WorkerPool {
 public:
  explicit WorkerPool(size_t max_threads) : max_threads_(max_threads) {}
  ~WorkerPool() { Join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `work` on a thread of its own as long as no more than `max_threads`
  // pieces of work run; beyond that it waits for one of them to end.
  // REQUIRES: Join() was not called.
  void Run(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits for all work. Idempotent, but not concurrent with itself.
  void Join() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  const size_t max_threads_;

  Mutex mu_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  size_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  bool joining_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::collector
