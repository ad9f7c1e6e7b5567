#include "alarm/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::alarm {
namespace {

// A condition variable's clock does not take infinite waits.
constexpr absl::Duration kLongWait = absl::Hours(1);

std::string Alarms(uint64_t count) {
  return absl::StrCat(count, count == 1 ? " alarm" : " alarms");
}

}  // namespace

Dispatcher::Lane::Lane(std::unique_ptr<Sink> s, const Options& options)
    : sink(std::move(s)),
      queue(options.max_queue_bytes),
      backoff(options.first_retry, options.last_retry) {
  stats.sink = sink->name();
}

Dispatcher::Dispatcher(Options options, std::vector<std::unique_ptr<Sink>> sinks,
                       const model::RowRenderer& renderer, const Clock& clock, LogFunction log)
    : options_(options), renderer_(renderer), clock_(clock), log_(std::move(log)) {
  MutexLock lock(mu_);
  for (std::unique_ptr<Sink>& sink : sinks) {
    wanted_.Add(sink->types());
    lanes_.push_back(std::make_unique<Lane>(std::move(sink), options_));
  }
}

Dispatcher::~Dispatcher() { Stop(absl::ZeroDuration()); }

void Dispatcher::Start() {
  MutexLock stop_lock(stop_mu_);
  {
    MutexLock lock(mu_);
    if (state_ != State::kNew) return;
    state_ = State::kRunning;
  }
  thread_ = std::thread([this] { Run(); });
}

void Dispatcher::PutToLane(Lane& lane, const std::shared_ptr<Item>& item) {
  const SinkQueue::Dropped dropped = lane.queue.Put(item);
  lane.stats.dropped_same += dropped.same;
  lane.stats.lost += dropped.others;
  lane.unreported_losses += dropped.others;
}

void Dispatcher::Put(const model::Outcome& outcome) {
  if (!wanted_.Intersects(TypesOf(outcome))) return;
  const auto item = std::make_shared<Item>(outcome);
  bool stopped = false;
  {
    MutexLock lock(mu_);
    stopped = state_ == State::kStopped;
    for (const std::unique_ptr<Lane>& lane : lanes_) {
      if (!lane->sink->types().Intersects(item->types)) continue;
      if (stopped) {
        ++lane->stats.lost;
      } else {
        PutToLane(*lane, item);
      }
    }
    changed_.NotifyAll();
  }
  if (!stopped) return;
  for (const Alarm& alarm : MakeAlarms(outcome, renderer_)) {
    if (!wanted_.Contains(alarm.type)) continue;
    log_(Level::kError, absl::StrCat("an alarm came too late to be delivered: ", alarm.text));
  }
}

void Dispatcher::Run() {
  while (Lane* lane = AwaitLane()) DeliverOldest(*lane);
  MutexLock lock(mu_);
  thread_ended_ = true;
  changed_.NotifyAll();
}

Dispatcher::Lane* Dispatcher::AwaitLane() {
  MutexLock lock(mu_);
  while (true) {
    const absl::Duration now = clock_.Monotonic();
    if (Finished(now)) return nullptr;
    if (Lane* lane = NextLane(now)) return lane;
    changed_.WaitFor(mu_, UntilNextAttempt(now));
  }
}

bool Dispatcher::Finished(absl::Duration now) const {
  if (state_ == State::kRunning) return false;
  return now >= give_up_at_ ||
         std::all_of(lanes_.begin(), lanes_.end(),
                     [](const std::unique_ptr<Lane>& lane) { return lane->queue.empty(); });
}

Dispatcher::Lane* Dispatcher::NextLane(absl::Duration now) {
  for (size_t tried = 0; tried < lanes_.size(); ++tried) {
    Lane& lane = *lanes_[next_lane_];
    next_lane_ = (next_lane_ + 1) % lanes_.size();
    if (!lane.queue.empty() && now >= lane.not_before) return &lane;
  }
  return nullptr;
}

absl::Duration Dispatcher::UntilNextAttempt(absl::Duration now) const {
  absl::Duration wait = std::min(kLongWait, give_up_at_ - now);
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (!lane->queue.empty()) wait = std::min(wait, lane->not_before - now);
  }
  return wait;
}

void Dispatcher::DeliverOldest(Lane& lane) {
  std::shared_ptr<Item> item;
  size_t done = 0;
  {
    MutexLock lock(mu_);
    item = lane.queue.Lend();
    if (lane.partial == item) done = lane.partial_done;
  }
  uint64_t delivered = 0;
  const absl::Status status = DeliverItem(*lane.sink, *item, &done, &delivered);
  std::vector<Message> messages;
  {
    MutexLock lock(mu_);
    lane.stats.delivered += delivered;
    lane.partial = status.ok() ? nullptr : item;
    lane.partial_done = done;
    if (status.ok()) {
      Succeeded(lane, &messages);
    } else {
      Failed(lane, status, &messages);
    }
    ReportLosses(lane, &messages);
  }
  Say(messages);
}

absl::Status Dispatcher::DeliverItem(Sink& sink, Item& item, size_t* done,
                                     uint64_t* delivered) const {
  if (item.alarms.empty()) item.alarms = MakeAlarms(item.outcome, renderer_);
  for (; *done < item.alarms.size(); ++*done) {
    const Alarm& alarm = item.alarms[*done];
    if (!sink.types().Contains(alarm.type)) continue;
    if (absl::Status status = sink.Deliver(alarm); !status.ok()) return status;
    ++*delivered;
  }
  return absl::OkStatus();
}

void Dispatcher::Succeeded(Lane& lane, std::vector<Message>* messages) {
  lane.queue.Pop();
  lane.backoff.Reset();
  lane.not_before = absl::ZeroDuration();
  lane.stats.failing = false;
  if (lane.failures_in_a_row == 0) return;
  messages->push_back(
      {Level::kInfo, absl::StrCat("alarm sink ", lane.stats.sink, " works again after ",
                                  lane.failures_in_a_row, " failed attempts")});
  lane.failures_in_a_row = 0;
}

void Dispatcher::Failed(Lane& lane, const absl::Status& status, std::vector<Message>* messages) {
  lane.queue.Return();
  lane.not_before = clock_.Monotonic() + lane.backoff.Next();
  lane.stats.failing = true;
  ++lane.stats.failures;
  if (++lane.failures_in_a_row > 1) return;  // reported already
  messages->push_back(
      {Level::kError,
       absl::StrCat("alarm sink ", lane.stats.sink, " fails: ", absl::string_view(status.message()),
                    "; its alarms wait and it is tried again until it works")});
}

void Dispatcher::ReportLosses(Lane& lane, std::vector<Message>* messages) {
  if (lane.unreported_losses == 0) return;
  messages->push_back({Level::kError, absl::StrCat("alarm sink ", lane.stats.sink, ": ",
                                                   Alarms(lane.unreported_losses),
                                                   " lost, because more wait for it than fit in "
                                                   "memory; ",
                                                   lane.stats.lost, " since the start")});
  lane.unreported_losses = 0;
}

bool Dispatcher::BeginStop(absl::Duration drain) {
  MutexLock lock(mu_);
  if (state_ == State::kStopped) return false;
  thread_ended_ = thread_ended_ || state_ == State::kNew;
  state_ = State::kDraining;
  give_up_at_ = clock_.Monotonic() + drain;
  for (const std::unique_ptr<Lane>& lane : lanes_) {  // no time for long pauses
    lane->backoff.Reset();
    lane->not_before = absl::ZeroDuration();
  }
  changed_.NotifyAll();
  return true;
}

void Dispatcher::AwaitDrained() {
  MutexLock lock(mu_);
  for (auto now = clock_.Monotonic(); !thread_ended_ && now < give_up_at_;
       now = clock_.Monotonic()) {
    changed_.WaitFor(mu_, std::min(kLongWait, give_up_at_ - now));
  }
  changed_.NotifyAll();  // the thread looks at the time
}

void Dispatcher::InterruptSinks() {
  std::vector<Sink*> sinks;
  {
    MutexLock lock(mu_);
    for (const std::unique_ptr<Lane>& lane : lanes_) sinks.push_back(lane->sink.get());
  }
  for (Sink* sink : sinks) sink->Interrupt();
}

void Dispatcher::Stop(absl::Duration drain) {
  MutexLock stop_lock(stop_mu_);
  if (!BeginStop(drain)) return;
  AwaitDrained();
  InterruptSinks();
  if (thread_.joinable()) thread_.join();
  ReportUndelivered();
}

void Dispatcher::ReportUndelivered() {
  std::vector<Message> messages;
  {
    MutexLock lock(mu_);
    state_ = State::kStopped;
    for (const std::unique_ptr<Lane>& lane : lanes_) {
      ReportLosses(*lane, &messages);
      if (lane->queue.empty()) continue;
      const uint64_t left = lane->queue.size();
      lane->stats.lost += left;
      while (!lane->queue.empty()) lane->queue.Pop();
      messages.push_back({Level::kError, absl::StrCat("alarm sink ", lane->stats.sink, ": ",
                                                      Alarms(left), " not delivered at the end")});
    }
  }
  Say(messages);
}

void Dispatcher::Say(const std::vector<Message>& messages) const {
  for (const Message& message : messages) log_(message.level, message.text);
}

std::vector<Dispatcher::Stats> Dispatcher::GetStats() const {
  MutexLock lock(mu_);
  std::vector<Stats> all;
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    all.push_back(lane->stats);
    all.back().queued = lane->queue.size();
  }
  return all;
}

}  // namespace dcp::alarm
