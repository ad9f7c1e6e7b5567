#include "collector/grpc/worker_pool.h"

#include <utility>

namespace dcp::collector {

void WorkerPool::Run(std::function<void()> work) {
  MutexLock lock(mu_);
  queue_.push_back(std::move(work));
  if (queue_.size() > idle_ && threads_.size() < max_threads_) {
    threads_.emplace_back([this] { Loop(); });
  } else {
    changed_.NotifyOne();
  }
}

void WorkerPool::Join() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mu_);
    joining_ = true;
    threads.swap(threads_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

void WorkerPool::Loop() {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mu_);
      ++idle_;
      while (queue_.empty() && !joining_) changed_.Wait(mu_);
      --idle_;
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace dcp::collector
