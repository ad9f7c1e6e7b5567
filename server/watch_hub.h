// WatchHub: the calls of ControlService.Watch. One thread reads the history for all of them, page
// by page, each from where it is; a page is read for a call when its last one was taken. So what a
// slow watcher holds is bounded, and nobody waits for it. One that takes nothing for too long is
// cut off; it goes on by its cursor.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/alarm_type.h"
#include "model/ports/alarm_history.h"
#include "proto/control.pb.h"

namespace dcp::server {

class Watcher;

// A call that ends before it begins. Deletes itself.
class RefusedWatch final : public grpc::ServerWriteReactor<control::WatchResponse> {
 public:
  explicit RefusedWatch(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

// What a call asked for.
struct WatchTerms {
  control::WatchRequest::Begin begin = control::WatchRequest::BEGIN_NOW;
  std::string cursor;  // empty: `begin` counts
  model::AlarmTypes types;
  std::vector<std::string> checks;  // empty: all
};

class WatchHub {
 public:
  using OpenHistory = std::function<absl::StatusOr<std::unique_ptr<model::AlarmHistory>>()>;
  struct Options {
    size_t max_watchers = 200;
    // Of one call, at a time.
    size_t page_alarms = 64;
    size_t page_bytes = 256 << 10;
    // A response that is not taken within that ends the call with RESOURCE_EXHAUSTED when it is
    // taken, and at twice that the call is cut off.
    absl::Duration patience = absl::Seconds(30);
  };

  // `open` is called by the hub's thread.
  WatchHub(const Options& options, OpenHistory open, const Clock& clock);
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // The reactor of a new call, which ends at once where there are too many.
  grpc::ServerWriteReactor<control::WatchResponse>* Serve(grpc::CallbackServerContext* call,
                                                          WatchTerms terms)
      ABSL_LOCKS_EXCLUDED(mu_);

  // There may be more in the history.
  void Notify() ABSL_LOCKS_EXCLUDED(mu_);

  // Ends all calls, with UNAVAILABLE, and the thread. Idempotent, by one owner.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  size_t watchers() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  friend class Watcher;

  struct Slot {
    std::weak_ptr<Watcher> watcher;
    bool idle = true;   // has taken its last page
    uint64_t seen = 0;  // `news_` when its last page was read to the end of the history
  };

  // Of a watcher, from any thread.
  void Taken(uint64_t id) ABSL_LOCKS_EXCLUDED(mu_);
  void Gone(uint64_t id) ABSL_LOCKS_EXCLUDED(mu_);

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // One that wants its next page, in turn; null: there is none.
  std::shared_ptr<Watcher> Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<std::shared_ptr<Watcher>> All() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CheckPaces() ABSL_LOCKS_EXCLUDED(mu_);

  // Of the thread. True: `watcher` has all that there is.
  bool Refill(Watcher& watcher);
  absl::StatusOr<bool> ReadPage(Watcher& watcher);
  absl::Status Begin(Watcher& watcher);

  const Options options_;
  const OpenHistory open_;
  const Clock& clock_;

  mutable Mutex mu_;
  CondVar changed_;
  std::map<uint64_t, Slot> slots_ ABSL_GUARDED_BY(mu_);
  uint64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t last_served_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t news_ ABSL_GUARDED_BY(mu_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::unique_ptr<model::AlarmHistory> history_;  // of the thread; null: to be opened
  std::thread thread_;
};

}  // namespace dcp::server
