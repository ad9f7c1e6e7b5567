#include "alarm/sink_worker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_point.h"

namespace dcp::alarm {
namespace {

// A condition variable's clock does not take infinite waits.
constexpr absl::Duration kLongWait = absl::Hours(1);
// The wall clock may jump: quiet hours are looked at this often.
constexpr absl::Duration kQuietLook = absl::Minutes(1);
// Whether it may be told again is looked at this often.
constexpr absl::Duration kSilentLook = absl::Milliseconds(100);
// So many of a check are merged at most; the next group follows at once.
constexpr size_t kMaxGroup = 1000;

bool NotReached(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status);
}

std::string Alarms(uint64_t count) {
  return absl::StrCat(count, count == 1 ? " alarm" : " alarms");
}

}  // namespace

SinkWorker::SinkWorker(Options options, std::string name, std::unique_ptr<Sink> sink,
                       Routing routing, model::Outbox& outbox, const Clock& clock, LogFunction log)
    : options_(std::move(options)),
      name_(std::move(name)),
      sink_(std::move(sink)),
      routing_(std::move(routing)),
      outbox_(outbox),
      clock_(clock),
      log_(std::move(log)),
      sink_backoff_(options_.backoff) {
  MutexLock lock(mu_);
  stats_.sink = name_;
}

SinkWorker::~SinkWorker() {
  Interrupt();
  Join();
}

void SinkWorker::Start() {
  MutexLock lock(mu_);
  if (state_ != State::kNew) return;
  state_ = State::kRunning;
  thread_ended_ = false;
  thread_ = std::thread([this] { Run(); });
}

void SinkWorker::Notify() {
  MutexLock lock(mu_);
  notified_ = true;
  changed_.NotifyAll();
}

void SinkWorker::Drain(absl::Duration give_up_at) {
  MutexLock lock(mu_);
  if (state_ == State::kEnding) return;
  state_ = State::kDraining;
  give_up_at_ = give_up_at;
  notified_ = true;
  changed_.NotifyAll();
}

void SinkWorker::AwaitDrained() {
  MutexLock lock(mu_);
  for (auto now = clock_.Monotonic(); !thread_ended_ && now < give_up_at_;
       now = clock_.Monotonic()) {
    changed_.WaitFor(mu_, std::min(kLongWait, give_up_at_ - now));
  }
}

void SinkWorker::Interrupt() {
  {
    MutexLock lock(mu_);
    state_ = State::kEnding;
    changed_.NotifyAll();
  }
  sink_->Interrupt();
}

void SinkWorker::Join() {
  if (thread_.joinable()) thread_.join();
}

SinkWorker::Stats SinkWorker::GetStats() const {
  const model::Outbox::Counts counts = outbox_.CountsOf(name_);
  MutexLock lock(mu_);
  Stats stats = stats_;
  stats.superseded = counts.superseded;
  stats.lost = counts.lost;
  stats.put_aside = counts.put_aside;
  stats.queued = counts.waiting;
  return stats;
}

void SinkWorker::Run() {
  while (Await(Step())) {
  }
  ReportLosses();
  MutexLock lock(mu_);
  thread_ended_ = true;
  changed_.NotifyAll();
}

bool SinkWorker::Await(absl::Duration wait) {
  const bool idle = outbox_.Heads(name_).empty();
  MutexLock lock(mu_);
  const absl::Duration now = clock_.Monotonic();
  // Notified since, it may not be idle any more.
  const bool drained = idle && !notified_;
  if (state_ == State::kDraining && (drained || now >= give_up_at_)) return false;
  if (state_ != State::kEnding && !notified_ && wait > absl::ZeroDuration()) {
    changed_.WaitFor(mu_, std::min({wait, kLongWait, give_up_at_ - now}));
  }
  notified_ = false;
  return state_ != State::kEnding;
}

bool SinkWorker::Draining() const {
  MutexLock lock(mu_);
  return state_ == State::kDraining;
}

absl::Duration SinkWorker::Step() {
  if (options_.may_tell && !options_.may_tell()) return kSilentLook;
  if (Draining() && !std::exchange(hurried_, true)) {
    sink_not_before_ = absl::ZeroDuration();
    for (auto& [check, lane] : lanes_) lane.not_before = absl::ZeroDuration();
  }
  const absl::Duration now = clock_.Monotonic();
  ReportLosses();
  DoUpkeep(now);
  const std::vector<model::Outbox::Head> heads = outbox_.Heads(name_);
  ForgetIdleLanes(heads, now);
  absl::Duration wait = upkeep_at_ - now;
  for (const model::Outbox::Head& head : heads) {
    Lane& lane = LaneOf(head.check);
    const absl::Duration ready_at = ReadyAt(lane, now);
    if (ready_at > now) {
      wait = std::min(wait, ready_at - now);
      continue;
    }
    DeliverFirst(head.check, lane);
    return absl::ZeroDuration();
  }
  return wait;
}

void SinkWorker::DoUpkeep(absl::Duration now) {
  if (now < upkeep_at_) return;
  const Sink::Upkeep upkeep = sink_->DoUpkeep();
  upkeep_at_ = now + upkeep.next;
  if (upkeep.status.ok()) {
    if (std::exchange(upkeep_failed_, false)) Succeeded();
    return;
  }
  upkeep_failed_ = true;
  NoteFailure(upkeep.status);
  upkeep_at_ = std::min(upkeep_at_, now + sink_backoff_.Next());
}

SinkWorker::Lane& SinkWorker::LaneOf(const std::string& check) {
  return lanes_.try_emplace(check, options_.backoff).first->second;
}

// One that still counts the time until its next group is kept.
void SinkWorker::ForgetIdleLanes(const std::vector<model::Outbox::Head>& heads,
                                 absl::Duration now) {
  std::erase_if(lanes_, [&](const auto& item) {
    const bool waits = std::any_of(heads.begin(), heads.end(),
                                   [&](const auto& head) { return head.check == item.first; });
    return !waits && item.second.next_group_at <= now;
  });
}

absl::Duration SinkWorker::ReadyAt(const Lane& lane, absl::Duration now) const {
  const absl::Duration ready = std::max(lane.not_before, sink_not_before_);
  if (!lane.groups.empty() || Draining()) return ready;
  const absl::Time wall = clock_.Now();
  const absl::Duration quiet = std::min(QuietUntil(routing_, wall) - wall, kQuietLook);
  return std::max({ready, lane.next_group_at, now + quiet});
}

void SinkWorker::Fill(const std::string& check, Lane& lane) {
  const bool merge = routing_.min_interval > absl::ZeroDuration() || !routing_.quiet.empty();
  const std::vector<model::Outbox::Entry> entries =
      outbox_.Next(name_, check, merge ? kMaxGroup : 2);
  std::vector<Group> groups = merge ? MergeAlarms(entries) : EachAlone(entries);
  lane.groups.assign(std::make_move_iterator(groups.begin()),
                     std::make_move_iterator(groups.end()));
  lane.refusals = lane.failures = 0;
  lane.passed_over = false;
  if (entries.size() < kMaxGroup) {
    lane.next_group_at = clock_.Monotonic() + routing_.min_interval;
  }
}

void SinkWorker::DeliverFirst(const std::string& check, Lane& lane) {
  if (lane.groups.empty()) Fill(check, lane);
  if (lane.groups.empty()) {  // the outbox cannot read them now
    lane.not_before = clock_.Monotonic() + lane.backoff.Next();
    return;
  }
  const absl::Status status = Deliver(lane.groups.front());
  if (status.ok()) {
    Acknowledge(lane.groups.front());
    lane.groups.pop_front();
    lane.refusals = lane.failures = 0;
    lane.passed_over = false;
    lane.backoff.Reset();
    lane.not_before = absl::ZeroDuration();
    return Succeeded();
  }
  Failed(lane, status);
  if (IsHopeless(lane)) return PutAside(lane, status);
  if (lane.failures >= options_.max_failures && !lane.passed_over) TryTheNext(check, lane);
}

absl::Status SinkWorker::Deliver(const Group& group) {
  FaultPoint("outbox.taken");
  absl::Status status = sink_->Deliver(*group.alarm);
  FaultPoint("outbox.delivered");
  MutexLock lock(mu_);
  ++(status.ok() ? stats_.delivered : stats_.failures);
  return status;
}

void SinkWorker::Acknowledge(const Group& group) {
  for (uint64_t sequence : group.sequences) outbox_.Acknowledge(name_, sequence);
  FaultPoint("outbox.noted");
}

void SinkWorker::Succeeded() {
  sink_backoff_.Reset();
  sink_not_before_ = absl::ZeroDuration();
  {
    MutexLock lock(mu_);
    stats_.failing = false;
  }
  if (failures_in_a_row_ == 0) return;
  log_(Level::kInfo,
       absl::StrCat("alarm sink ", name_, " works again after ", failures_in_a_row_,
                    failures_in_a_row_ == 1 ? " failed attempt" : " failed attempts"));
  failures_in_a_row_ = 0;
}

void SinkWorker::NoteFailure(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    stats_.failing = true;
  }
  if (++failures_in_a_row_ > 1) return;  // reported already
  log_(Level::kError,
       absl::StrCat("alarm sink ", name_, " fails: ", absl::string_view(status.message()),
                    "; its alarms wait and it is tried again until it works"));
}

void SinkWorker::Failed(Lane& lane, const absl::Status& status) {
  NoteFailure(status);
  const absl::Duration now = clock_.Monotonic();
  lane.not_before = now + lane.backoff.Next();
  if (NotReached(status)) {
    sink_not_before_ = now + sink_backoff_.Next();
    return;
  }
  ++(absl::IsInvalidArgument(status) ? lane.refusals : lane.failures);
}

bool SinkWorker::IsHopeless(const Lane& lane) const {
  return lane.refusals >= options_.max_refusals ||
         (lane.passed_over && lane.failures + lane.refusals > options_.max_failures);
}

void SinkWorker::TryTheNext(const std::string& check, Lane& lane) {
  if (lane.groups.size() < 2) {
    for (Group& group : EachAlone(outbox_.Next(name_, check, kMaxGroup))) {
      if (group.sequences.front() > lane.groups.back().sequences.back()) {
        lane.groups.push_back(std::move(group));
        break;
      }
    }
  }
  if (lane.groups.size() < 2 || !Deliver(lane.groups[1]).ok()) return;
  Acknowledge(lane.groups[1]);
  lane.groups.erase(lane.groups.begin() + 1);
  lane.passed_over = true;
  lane.not_before = absl::ZeroDuration();  // its last chance
}

void SinkWorker::PutAside(Lane& lane, const absl::Status& status) {
  const Group group = std::move(lane.groups.front());
  lane.groups.pop_front();
  for (uint64_t sequence : group.sequences) outbox_.PutAside(name_, sequence);
  log_(Level::kError,
       absl::StrCat("alarm sink ", name_, " does not take alarm ", group.alarm->id,
                    ", which is put aside after ", lane.refusals + lane.failures, " attempts (",
                    absl::string_view(status.message()), "): ", group.alarm->text));
  lane.refusals = lane.failures = 0;
  lane.passed_over = false;
  lane.backoff.Reset();
  lane.not_before = absl::ZeroDuration();
}

void SinkWorker::ReportLosses() {
  const uint64_t lost = outbox_.CountsOf(name_).lost;
  if (lost == reported_losses_) return;
  log_(Level::kError, absl::StrCat("alarm sink ", name_, ": ", Alarms(lost - reported_losses_),
                                   " lost, because more wait for it than fit in the outbox; ", lost,
                                   " since the start"));
  reported_losses_ = lost;
}

}  // namespace dcp::alarm
