// FairMutex: a mutex that its waiters get in the order in which they came. One that is taken again
// and again by a thread with much to do in small steps is no standstill for the others: each of
// them comes in between two steps.
//
// Thread-safe.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace dcp {

class ABSL_LOCKABLE FairMutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    MutexLock lock(mu_);
    const uint64_t mine = next_++;
    while (served_ != mine) turn_came_.Wait(mu_);
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    MutexLock lock(mu_);
    ++served_;
    if (served_ != next_) turn_came_.NotifyAll();
  }
  // How many threads wait for it now.
  uint64_t waiting() const {
    MutexLock lock(mu_);
    return next_ == served_ ? 0 : next_ - served_ - 1;
  }

 private:
  mutable Mutex mu_;
  CondVar turn_came_;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 0;    // whoever comes gets it
  uint64_t served_ ABSL_GUARDED_BY(mu_) = 0;  // whose turn it is
};

class ABSL_SCOPED_LOCKABLE FairLock {
 public:
  explicit FairLock(FairMutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_.Lock(); }
  ~FairLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  FairLock(const FairLock&) = delete;
  FairLock& operator=(const FairLock&) = delete;

 private:
  FairMutex& mu_;
};

}  // namespace dcp
