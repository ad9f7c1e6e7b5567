#include "alarm/dispatcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::alarm {
namespace {

// What cannot be stored is tried again.
constexpr absl::Duration kRetryDelay = absl::Seconds(1);
constexpr uint64_t kTriesPerLine = 30;

std::string UniqueName(const std::string& name, std::set<std::string>& taken) {
  std::string unique = name;
  for (int n = 2; !taken.insert(unique).second; ++n) unique = absl::StrCat(name, " #", n);
  return unique;
}

}  // namespace

Dispatcher::Dispatcher(Options options, std::vector<Route> routes, model::Outbox& outbox,
                       const Rendering& renderer, const Clock& clock, LogFunction log,
                       model::FindingMarks* marks)
    : outbox_(outbox), marks_(marks), renderer_(renderer), clock_(clock), log_(std::move(log)) {
  std::set<std::string> names;
  for (Route& route : routes) {
    std::string name = UniqueName(route.sink->name(), names);
    workers_.push_back(std::make_unique<SinkWorker>(options, std::move(name), std::move(route.sink),
                                                    std::move(route.routing), outbox_, clock_,
                                                    log_));
  }
}

Dispatcher::~Dispatcher() { Stop(absl::ZeroDuration()); }

void Dispatcher::Start() {
  MutexLock stop_lock(stop_mu_);
  for (auto& worker : workers_) worker->Start();
}

absl::Duration Dispatcher::Step() {
  absl::Duration wait = absl::InfiniteDuration();
  for (auto& worker : workers_) wait = std::min(wait, worker->Step());
  return wait;
}

void Dispatcher::Address(std::vector<Told> told, std::vector<model::Outbox::Addressed>* to) const {
  for (auto& [alarm, quiet, severity] : told) {
    std::vector<std::string> sinks;
    for (const auto& worker : workers_) {
      const Routing& routing = worker->routing();
      if (quiet && !routing.types.Contains(model::AlarmType::kSame)) continue;
      if (Wants(routing, alarm, severity)) sinks.push_back(worker->name());
    }
    to->push_back({std::make_shared<const Alarm>(std::move(alarm)), std::move(sinks), quiet});
  }
}

absl::Status Dispatcher::Put(model::Report& report) {
  std::vector<model::Outbox::Addressed> alarms;
  Address(Tell(renderer_, marks_, log_, &report), &alarms);
  absl::Status status = AppendOnce(report, alarms);
  for (uint64_t tries = 1; !status.ok() && !absl::IsCancelled(status); ++tries) {
    if (tries % kTriesPerLine == 1) {
      log_(Level::kError, absl::StrCat("check ", report.check,
                                       ": what was found cannot be stored, and the check "
                                       "waits until it can: ",
                                       absl::string_view(status.message())));
    }
    if (!patience_.Pause(kRetryDelay, clock_)) return absl::CancelledError(status.message());
    status = AppendOnce(report, alarms);
  }
  if (!status.ok()) return status;
  for (const auto& worker : workers_) worker->Notify();
  return absl::OkStatus();
}

absl::Status Dispatcher::AppendOnce(const model::Report& report,
                                    const std::vector<model::Outbox::Addressed>& alarms) {
  {
    MutexLock lock(mu_);
    if (stopped_) return absl::CancelledError("it came too late");
    ++appending_;
  }
  absl::Status status = outbox_.Append(report, alarms);
  NoteStored(status);
  MutexLock lock(mu_);
  --appending_;
  appended_.NotifyAll();
  return status;
}

void Dispatcher::NoteStored(const absl::Status& status) {
  MutexLock lock(error_mu_);
  store_error_ = std::string(status.message());
}

std::string Dispatcher::store_error() const {
  MutexLock lock(error_mu_);
  return store_error_;
}

void Dispatcher::Stop(absl::Duration drain) {
  MutexLock stop_lock(stop_mu_);
  {
    MutexLock lock(mu_);
    if (stopped_) return;
  }
  const absl::Duration give_up_at = clock_.Monotonic() + drain;
  for (const auto& worker : workers_) worker->Drain(give_up_at);
  for (const auto& worker : workers_) worker->AwaitDrained();
  {
    MutexLock lock(mu_);
    stopped_ = true;
    while (appending_ > 0) appended_.Wait(mu_);
  }
  for (const auto& worker : workers_) worker->Interrupt();
  for (const auto& worker : workers_) worker->Join();
  ReportUndelivered();
}

void Dispatcher::ReportUndelivered() const {
  for (const auto& worker : workers_) {
    const uint64_t left = outbox_.CountsOf(worker->name()).waiting;
    if (left == 0) continue;
    log_(Level::kError,
         absl::StrCat("alarm sink ", worker->name(), ": ", left, left == 1 ? " alarm" : " alarms",
                      " not delivered at the end; the next run delivers what is left"));
  }
}

std::vector<Dispatcher::Stats> Dispatcher::GetStats() const {
  std::vector<Stats> all;
  for (const auto& worker : workers_) all.push_back(worker->GetStats());
  return all;
}

}  // namespace dcp::alarm
