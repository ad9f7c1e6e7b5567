// BarrierWriter writes barriers into the source: one increment of the barrier row
// every interval, over a session that it opens again when it breaks.
//
// Owns one thread. Start() and Stop() are called by one owner; status() is thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "barrier/barrier_pulse.h"
#include "barrier/sql_executor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"

namespace dcp::barrier {

struct BarrierStatus {
  bool connected = false;
  uint64_t last_offset = 0;  // written last by this writer; 0: none yet
  absl::Time last_success = absl::InfinitePast();
  // Time since the last barrier, or since the start. Beyond the interval it is late.
  absl::Duration age;
  uint64_t written = 0;
  std::string last_error;  // empty while all is well
};

class BarrierWriter {
 public:
  // `log` may be empty. `clock` outlives the writer.
  BarrierWriter(const PulseOptions& options, SqlOpener opener, const Clock* clock,
                std::function<void(absl::string_view)> log);
  ~BarrierWriter();  // stops

  // REQUIRES: not started before.
  void Start();

  // Ends waiting and the statement that runs, and joins the thread. Idempotent. Waits for
  // nothing but an attempt to connect.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  BarrierStatus status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run();
  absl::Status OpenSession() ABSL_LOCKS_EXCLUDED(mu_);
  void DropSession(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteBarrier() ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const SqlOpener opener_;
  const Clock* const clock_;
  const std::function<void(absl::string_view)> log_;

  // The thread's own.
  BarrierPulse pulse_;
  std::string logged_error_;  // said already

  std::thread thread_;
  Stopper stopper_;
  mutable Mutex mu_;
  std::unique_ptr<SqlExecutor> sql_;           // made and dropped under mu_, used by the thread
  absl::Duration since_ ABSL_GUARDED_BY(mu_);  // the last barrier, or the start
  BarrierStatus status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::barrier
