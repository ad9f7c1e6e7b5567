// Dispatcher: takes the checker's outcomes and delivers them as alarms to every
// sink that wants their type, from one thread, in the order they were put.
//
// A sink that fails is tried again with growing pauses; it is reported once when
// it begins to fail and once when it works again, and holds up no other sink and
// never Put. Each sink has a queue of its own, bounded in bytes; what a full queue
// gives up (see SinkQueue) is counted and reported.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alarm/alarm.h"
#include "alarm/backoff.h"
#include "alarm/queue.h"
#include "alarm/sink.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/ports/outcome_sink.h"
#include "model/ports/row_renderer.h"

namespace dcp::alarm {

class Dispatcher final : public model::OutcomeSink {
 public:
  struct Options {
    size_t max_queue_bytes = size_t{64} << 20;  // per sink
    absl::Duration first_retry = absl::Milliseconds(500);
    absl::Duration last_retry = absl::Seconds(30);
  };

  // What happened to one sink's alarms so far.
  struct Stats {
    std::string sink;
    uint64_t delivered = 0;     // alarms
    uint64_t failures = 0;      // attempts
    uint64_t dropped_same = 0;  // outcomes given up: `same` ...
    uint64_t lost = 0;          // ... and others
    uint64_t queued = 0;        // outcomes waiting
    bool failing = false;
  };

  // `renderer` and `clock` must outlive this. `log` gets what the operator should
  // know of the sinks, from the delivery thread, Stop() and a Put() that came after
  // it, and never under a lock of this.
  Dispatcher(Options options, std::vector<std::unique_ptr<Sink>> sinks,
             const model::RowRenderer& renderer, const Clock& clock, LogFunction log);
  ~Dispatcher() override;  // Stop(zero)

  // Starts delivery. What was put before waits for it. Call once.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  // Returns at once. After Stop() the outcome is counted as lost.
  void Put(const model::Outcome& outcome) override ABSL_LOCKS_EXCLUDED(mu_);

  // Delivers what is queued for at most `drain`, failing sinks tried on, then
  // interrupts the sinks, ends the thread and reports what could not be delivered.
  // Idempotent; a later call waits for the first. Not from a sink.
  void Stop(absl::Duration drain) ABSL_LOCKS_EXCLUDED(mu_);

  std::vector<Stats> GetStats() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // One sink and what it has still to get. All but `sink` is guarded by mu_.
  struct Lane {
    Lane(std::unique_ptr<Sink> s, const Options& options);

    const std::unique_ptr<Sink> sink;
    SinkQueue queue;
    Backoff backoff;
    absl::Duration not_before;  // monotonic time of the next attempt
    // An item whose first alarms are delivered and the rest is not: they are not
    // delivered again.
    std::shared_ptr<Item> partial;
    size_t partial_done = 0;
    uint64_t failures_in_a_row = 0;
    uint64_t unreported_losses = 0;
    Stats stats;
  };
  enum class State : uint8_t { kNew, kRunning, kDraining, kStopped };
  struct Message {
    Level level = Level::kInfo;
    std::string text;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for a lane whose oldest item may be tried; null when the thread is to end.
  Lane* AwaitLane() ABSL_LOCKS_EXCLUDED(mu_);
  bool Finished(absl::Duration now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Lane* NextLane(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Duration UntilNextAttempt(absl::Duration now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DeliverOldest(Lane& lane) ABSL_LOCKS_EXCLUDED(mu_);
  // Hands over the alarms of `item` from index *done on, and counts *done up.
  absl::Status DeliverItem(Sink& sink, Item& item, size_t* done, uint64_t* delivered) const;
  void Succeeded(Lane& lane, std::vector<Message>* messages) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Failed(Lane& lane, const absl::Status& status, std::vector<Message>* messages)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReportLosses(Lane& lane, std::vector<Message>* messages) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void PutToLane(Lane& lane, const std::shared_ptr<Item>& item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Begins the end; false when it has been reached before.
  bool BeginStop(absl::Duration drain) ABSL_LOCKS_EXCLUDED(mu_);
  void AwaitDrained() ABSL_LOCKS_EXCLUDED(mu_);
  void InterruptSinks() ABSL_LOCKS_EXCLUDED(mu_);
  void ReportUndelivered() ABSL_LOCKS_EXCLUDED(mu_);
  void Say(const std::vector<Message>& messages) const;

  // Constant after construction.
  const Options options_;
  const model::RowRenderer& renderer_;
  const Clock& clock_;
  const LogFunction log_;
  model::AlarmTypes wanted_;  // by any sink

  mutable Mutex mu_;
  CondVar changed_;
  std::vector<std::unique_ptr<Lane>> lanes_ ABSL_GUARDED_BY(mu_);
  size_t next_lane_ ABSL_GUARDED_BY(mu_) = 0;  // round robin
  State state_ ABSL_GUARDED_BY(mu_) = State::kNew;
  bool thread_ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Duration give_up_at_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();

  Mutex stop_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one Stop() at a time
  std::thread thread_ ABSL_GUARDED_BY(stop_mu_);
};

}  // namespace dcp::alarm
