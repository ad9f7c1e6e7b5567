#include "server/watch_hub.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "server/control_wire.h"
#include "server/watcher.h"

namespace dcp::server {
namespace {

// How often slow calls are looked for; and what is in the history, were it not told.
constexpr absl::Duration kLook = absl::Seconds(1);
// A cursor is told anew when so many alarms were passed over.
constexpr int64_t kPassedOver = 1000;

using Reactor = grpc::ServerWriteReactor<control::WatchResponse>;

bool Wants(const WatchTerms& terms, const model::SaidAlarm& said) {
  if (!terms.types.Contains(said.type)) return false;
  // As a sink: nothing of a quiet one is for people.
  if (said.quiet && !terms.types.Contains(model::AlarmType::kSame)) return false;
  return terms.checks.empty() || absl::c_linear_search(terms.checks, said.check);
}

control::WatchedAlarm ToWire(model::SaidAlarm said) {
  control::WatchedAlarm alarm;
  alarm.set_type(model::ToString(said.type));
  alarm.set_id(std::move(said.id));
  alarm.set_check(std::move(said.check));
  alarm.set_target(std::move(said.target));
  alarm.set_text(std::move(said.text));
  alarm.set_json(std::move(said.json));
  return alarm;
}

}  // namespace

WatchHub::WatchHub(const Options& options, OpenHistory open, const Clock& clock)
    : options_(options), open_(std::move(open)), clock_(clock), thread_([this] { Run(); }) {}

WatchHub::~WatchHub() { Stop(); }

Reactor* WatchHub::Serve(grpc::CallbackServerContext* call, WatchTerms terms) {
  std::shared_ptr<Watcher> watcher;
  {
    MutexLock lock(mu_);
    if (stopping_) return new RefusedWatch({grpc::StatusCode::UNAVAILABLE, "dcp is stopping"});
    if (slots_.size() >= options_.max_watchers) {
      return new RefusedWatch(
          {grpc::StatusCode::RESOURCE_EXHAUSTED,
           absl::StrCat("this dcp is watched by ", slots_.size(), " already, as many as may")});
    }
    watcher = std::make_shared<Watcher>(*this, clock_, ++last_id_, call, std::move(terms));
    watcher->Start();
    slots_[last_id_].watcher = watcher;
    changed_.NotifyAll();
  }
  return watcher.get();
}

void WatchHub::Notify() {
  MutexLock lock(mu_);
  ++news_;
  changed_.NotifyAll();
}

void WatchHub::Stop() {
  std::vector<std::shared_ptr<Watcher>> all;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    all = All();
    changed_.NotifyAll();
  }
  for (const auto& watcher : all) {
    watcher->Fail(
        {grpc::StatusCode::UNAVAILABLE, "dcp is stopping: go on behind your last cursor"});
  }
  if (thread_.joinable()) thread_.join();
}

size_t WatchHub::watchers() const {
  MutexLock lock(mu_);
  return slots_.size();
}

void WatchHub::Taken(uint64_t id) {
  MutexLock lock(mu_);
  const auto slot = slots_.find(id);
  if (slot == slots_.end()) return;
  slot->second.idle = true;
  if (slot->second.seen != news_) changed_.NotifyAll();
}

void WatchHub::Gone(uint64_t id) {
  MutexLock lock(mu_);
  slots_.erase(id);
}

std::vector<std::shared_ptr<Watcher>> WatchHub::All() {
  std::vector<std::shared_ptr<Watcher>> all;
  for (const auto& [id, slot] : slots_) {
    if (auto watcher = slot.watcher.lock()) all.push_back(std::move(watcher));
  }
  return all;
}

std::shared_ptr<Watcher> WatchHub::Next() {
  const auto wants = [news = news_](const auto& entry) {
    return entry.second.idle && entry.second.seen != news;
  };
  const auto begin = slots_.upper_bound(last_served_);
  auto found = std::find_if(begin, slots_.end(), wants);
  if (found == slots_.end()) found = std::find_if(slots_.begin(), begin, wants);
  if (found == slots_.end() || (found == begin && !wants(*found))) return nullptr;
  last_served_ = found->first;
  found->second.idle = false;
  return found->second.watcher.lock();
}

void WatchHub::Run() {
  absl::Duration look_at = clock_.Monotonic() + kLook;
  while (true) {
    std::shared_ptr<Watcher> watcher;
    uint64_t news = 0;
    {
      MutexLock lock(mu_);
      if (stopping_) return;
      watcher = Next();
      news = news_;
      if (watcher == nullptr) changed_.WaitFor(mu_, kLook);
    }
    if (watcher != nullptr && Refill(*watcher)) {
      MutexLock lock(mu_);
      const auto slot = slots_.find(watcher->id());
      if (slot != slots_.end()) slot->second.seen = news;
    }
    if (clock_.Monotonic() < look_at) continue;
    CheckPaces();
    look_at = clock_.Monotonic() + kLook;
  }
}

void WatchHub::CheckPaces() {
  std::vector<std::shared_ptr<Watcher>> all;
  {
    MutexLock lock(mu_);
    all = All();
  }
  for (const auto& watcher : all) watcher->CheckPace(options_.patience);
}

bool WatchHub::Refill(Watcher& watcher) {
  absl::StatusOr<bool> all = ReadPage(watcher);
  if (all.ok()) return *all;
  history_ = nullptr;  // opened anew for the next one
  watcher.Fail(ToGrpc(all.status()));
  return true;
}

absl::Status WatchHub::Begin(Watcher& watcher) {
  const WatchTerms& terms = watcher.terms;
  absl::StatusOr<int64_t> place = !terms.cursor.empty() ? history_->PlaceOf(terms.cursor)
                                  : terms.begin == control::WatchRequest::BEGIN_OLDEST
                                      ? history_->BeforeOldest()
                                      : history_->Newest();
  DCP_RETURN_IF_ERROR(place.status());
  watcher.place = *place;
  return absl::OkStatus();
}

absl::StatusOr<bool> WatchHub::ReadPage(Watcher& watcher) {
  if (history_ == nullptr) {
    DCP_ASSIGN_OR_RETURN(history_, open_());
  }
  std::deque<control::WatchResponse> responses;
  const bool begins = !watcher.place;
  if (begins) DCP_RETURN_IF_ERROR(Begin(watcher));
  DCP_ASSIGN_OR_RETURN(auto page,
                       history_->Read(*watcher.place, options_.page_alarms, options_.page_bytes));
  const bool all = page.empty();
  const int64_t from = *watcher.place;
  for (model::SaidAlarm& said : page) {
    watcher.place = said.place;
    if (!Wants(watcher.terms, said)) continue;
    watcher.told_place = said.place;
    control::WatchResponse response;
    response.set_cursor(history_->CursorOf(said));
    *response.mutable_alarm() = ToWire(std::move(said));
    responses.push_back(std::move(response));
  }
  const bool passed_over = responses.empty() && *watcher.place - watcher.told_place >= kPassedOver;
  if (begins || passed_over) {
    control::WatchResponse where;
    const int64_t at = begins ? from : *watcher.place;
    // Before the oldest that is kept there is no alarm to name.
    const auto cursor = history_->CursorOf(at);
    if (cursor.ok()) where.set_cursor(*cursor);
    watcher.told_place = std::max(watcher.told_place, at);
    responses.push_front(std::move(where));
  }
  if (responses.empty()) Taken(watcher.id());
  if (!responses.empty()) watcher.Give(std::move(responses));
  return all;
}

}  // namespace dcp::server
