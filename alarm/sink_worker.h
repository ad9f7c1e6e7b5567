// SinkWorker: brings one sink what waits for it in the outbox, from a thread of
// its own, so that a slow or dead sink holds up nothing else.
//
// The alarms of one check come in order; checks do not wait for each other. A
// failure is tried again with growing, jittered pauses: of the check, and of the
// whole sink where it was not reached. It is reported once when it begins and once
// when it ends. So that one alarm does not block the rest for ever, it is put
// aside, counted and reported
//   - when the sink has refused it `max_refusals` times;
//   - when the sink was reached and failed for it `max_failures` times, and then
//     took the next alarm of the check, and then failed for it once more.
// Only a sink that takes nothing at all is tried for ever.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "alarm/alarm.h"
#include "alarm/grouping.h"
#include "alarm/routing.h"
#include "alarm/sink.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/ports/outbox.h"

namespace dcp::alarm {

class SinkWorker {
 public:
  struct Options {
    Backoff::Options backoff{.first = absl::Milliseconds(500), .cap = absl::Seconds(30)};
    uint32_t max_refusals = 8;
    uint32_t max_failures = 16;
    // While it says no, nothing is told, nor kept firing. Empty: always. Thread-safe; it does not
    // wait.
    std::function<bool()> may_tell = nullptr;
  };

  // What happened to the sink's alarms so far.
  struct Stats {
    std::string sink;
    uint64_t delivered = 0;   // alarms; a group counts as one
    uint64_t failures = 0;    // attempts
    uint64_t superseded = 0;  // given up because something later says more ...
    uint64_t lost = 0;        // ... or because the outbox is full
    uint64_t put_aside = 0;   // refused by the sink
    uint64_t queued = 0;      // waiting
    bool failing = false;
  };

  // `name` is the sink's in `outbox`. `outbox` and `clock` must outlive this. `log`
  // gets what the operator should know of the sink, never under a lock of this.
  SinkWorker(Options options, std::string name, std::unique_ptr<Sink> sink, Routing routing,
             model::Outbox& outbox, const Clock& clock, LogFunction log);
  ~SinkWorker();  // Interrupt(), Join()
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  const std::string& name() const { return name_; }
  const Routing& routing() const { return routing_; }

  // Call once.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);
  // Does one thing that is due, if any is, and says how long nothing will be. For who has no
  // threads: in place of Start().
  absl::Duration Step() ABSL_LOCKS_EXCLUDED(mu_);
  // The outbox may have something new.
  void Notify() ABSL_LOCKS_EXCLUDED(mu_);
  // From now on the thread ends once nothing waits, and at `give_up_at` (monotonic)
  // at the latest; what pauses is tried at once, and nothing waits for company or
  // for the end of quiet hours.
  void Drain(absl::Duration give_up_at) ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until the thread has ended, for as long as Drain() said.
  void AwaitDrained() ABSL_LOCKS_EXCLUDED(mu_);
  // Ends the thread soon, whatever waits. Idempotent.
  void Interrupt() ABSL_LOCKS_EXCLUDED(mu_);
  void Join();

  Stats GetStats() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What is known of one check while something of it waits. Of the thread.
  struct Lane {
    explicit Lane(const Backoff::Options& backoff_options) : backoff(backoff_options) {}

    std::deque<Group> groups = {};  // being delivered, in order
    Backoff backoff;
    absl::Duration not_before = absl::ZeroDuration();     // monotonic
    absl::Duration next_group_at = absl::ZeroDuration();  // monotonic
    uint32_t refusals = 0, failures = 0;                  // of groups.front()
    bool passed_over = false;  // the alarm behind groups.front() was taken
  };
  struct Message {
    Level level = Level::kInfo;
    std::string text;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // False when the thread is to end.
  bool Await(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mu_);
  bool Draining() const ABSL_LOCKS_EXCLUDED(mu_);
  void DoUpkeep(absl::Duration now) ABSL_LOCKS_EXCLUDED(mu_);
  Lane& LaneOf(const std::string& check);
  void ForgetIdleLanes(const std::vector<model::Outbox::Head>& heads, absl::Duration now);
  absl::Duration ReadyAt(const Lane& lane, absl::Duration now) const ABSL_LOCKS_EXCLUDED(mu_);
  void Fill(const std::string& check, Lane& lane);
  void DeliverFirst(const std::string& check, Lane& lane) ABSL_LOCKS_EXCLUDED(mu_);
  // After so many failures: is it this alarm, or the sink?
  void TryTheNext(const std::string& check, Lane& lane) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Deliver(const Group& group) ABSL_LOCKS_EXCLUDED(mu_);
  void Acknowledge(const Group& group);
  void Succeeded() ABSL_LOCKS_EXCLUDED(mu_);
  void Failed(Lane& lane, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteFailure(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsHopeless(const Lane& lane) const;
  void PutAside(Lane& lane, const absl::Status& status);
  void ReportLosses() ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const Options options_;
  const std::string name_;
  const std::unique_ptr<Sink> sink_;
  const Routing routing_;
  model::Outbox& outbox_;
  const Clock& clock_;
  const LogFunction log_;

  // Of the thread.
  std::map<std::string, Lane> lanes_;  // by check
  Backoff sink_backoff_;
  absl::Duration sink_not_before_ = absl::ZeroDuration();
  absl::Duration upkeep_at_ = absl::ZeroDuration();
  uint64_t failures_in_a_row_ = 0;
  uint64_t reported_losses_ = 0;
  bool upkeep_failed_ = false;
  bool hurried_ = false;  // Drain() was seen

  mutable Mutex mu_;
  CondVar changed_;
  enum class State : uint8_t { kNew, kRunning, kDraining, kEnding };
  State state_ ABSL_GUARDED_BY(mu_) = State::kNew;
  bool notified_ ABSL_GUARDED_BY(mu_) = false;
  bool thread_ended_ ABSL_GUARDED_BY(mu_) = true;
  absl::Duration give_up_at_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  Stats stats_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;
};

}  // namespace dcp::alarm
