// Dispatcher: makes alarms of the checker's outcomes, puts them into the outbox for
// every sink that wants them, and has a SinkWorker per sink deliver them, in order.
//
// No sink holds up Put, or another sink. What the outbox gives up (see
// model/ports/outbox.h) and what sinks refuse is counted and reported.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "alarm/alarm.h"
#include "alarm/masking.h"
#include "alarm/routing.h"
#include "alarm/sink.h"
#include "alarm/sink_worker.h"
#include "alarm/telling.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"
#include "model/ports/finding_marks.h"
#include "model/ports/outbox.h"
#include "model/ports/outcome_sink.h"

namespace dcp::alarm {

class Dispatcher final : public model::OutcomeSink {
 public:
  using Options = SinkWorker::Options;
  using Stats = SinkWorker::Stats;

  struct Route {
    std::unique_ptr<Sink> sink;
    Routing routing;
  };

  // `outbox` and `clock` must outlive this. In the outbox a sink has its
  // own name; the second of the same name has " #2" behind it, and so on. `log` gets
  // what the operator should know of the sinks, from their threads, Stop() and Put(),
  // and never under a lock of this. `marks` may be null: nothing is acknowledged or ignored.
  Dispatcher(Options options, std::vector<Route> routes, model::Outbox& outbox,
             const Rendering& renderer, const Clock& clock, LogFunction log,
             model::FindingMarks* marks = nullptr);
  ~Dispatcher() override;  // Stop(zero)

  // Starts delivery. What was put before waits for it. Call once.
  void Start() ABSL_LOCKS_EXCLUDED(stop_mu_);

  // In place of Start(), for who has no threads: each sink does one thing that is due; how
  // long nothing will be.
  absl::Duration Step();

  // Takes as long as rendering the alarms and appending the report to the outbox.
  // Tries again and again while the outbox cannot store it, and says so.
  absl::Status Put(model::Report& report) override ABSL_LOCKS_EXCLUDED(mu_);

  // Put() waits no more for an outbox that cannot store. Idempotent.
  void GiveUpWaiting() { patience_.Stop(); }

  // Delivers what waits for at most `drain`, failing sinks tried on, then
  // interrupts the sinks, ends their threads and reports what is left. Idempotent;
  // a later call waits for the first. Not from a sink.
  void Stop(absl::Duration drain) ABSL_LOCKS_EXCLUDED(mu_, stop_mu_);

  std::vector<Stats> GetStats() const;

  // Why the outbox cannot store what was found; empty: it can.
  std::string store_error() const ABSL_LOCKS_EXCLUDED(error_mu_);

 private:
  void Address(std::vector<Told> told, std::vector<model::Outbox::Addressed>* to) const;
  absl::Status AppendOnce(const model::Report& report,
                          const std::vector<model::Outbox::Addressed>& alarms)
      ABSL_LOCKS_EXCLUDED(mu_, error_mu_);
  void NoteStored(const absl::Status& status) ABSL_LOCKS_EXCLUDED(error_mu_);
  void ReportUndelivered() const;

  // Constant after construction.
  model::Outbox& outbox_;
  model::FindingMarks* const marks_;
  const Rendering renderer_;
  const Clock& clock_;
  const LogFunction log_;
  std::vector<std::unique_ptr<SinkWorker>> workers_;

  Stopper patience_;  // of Put()

  Mutex stop_mu_;  // held by Start() and Stop()
  Mutex mu_;       // not held while the outbox stores: no check waits for another one's report
  CondVar appended_;
  uint64_t appending_ ABSL_GUARDED_BY(mu_) = 0;  // calls of the outbox that have not returned
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  mutable Mutex error_mu_;  // never held while the disk works
  std::string store_error_ ABSL_GUARDED_BY(error_mu_);
};

}  // namespace dcp::alarm
