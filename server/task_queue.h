// TaskQueue: one thread that does one thing after another, of which so many may wait: what takes
// as long as a disk or a server is kept from gRPC's threads.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace dcp::server {

class TaskQueue {
 public:
  // Called once each: false where the queue has stopped before its turn came.
  using Task = std::function<void(bool proceed)>;

  // Starts the thread.
  explicit TaskQueue(size_t most);
  ~TaskQueue() { Stop(); }
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  // False: too many wait, or it has stopped; the task is not called.
  bool Add(Task task) ABSL_LOCKS_EXCLUDED(mu_);

  // The task that runs ends first. Idempotent, from one thread at a time.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const size_t most_;
  Mutex mu_;
  CondVar changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all others
};

}  // namespace dcp::server
