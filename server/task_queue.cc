#include "server/task_queue.h"

#include <utility>

namespace dcp::server {

TaskQueue::TaskQueue(size_t most) : most_(most), thread_([this] { Run(); }) {}

bool TaskQueue::Add(Task task) {
  MutexLock lock(mu_);
  if (stopping_ || tasks_.size() >= most_) return false;
  tasks_.push_back(std::move(task));
  changed_.NotifyAll();
  return true;
}

void TaskQueue::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void TaskQueue::Run() {
  while (true) {
    Task task;
    bool proceed = false;
    {
      MutexLock lock(mu_);
      while (tasks_.empty() && !stopping_) changed_.Wait(mu_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
      proceed = !stopping_;
    }
    task(proceed);
  }
}

}  // namespace dcp::server
