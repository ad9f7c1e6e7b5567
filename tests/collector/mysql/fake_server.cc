#include "tests/collector/mysql/fake_server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::collector {

using mysql::BinlogEvent;

// Serves events from `next` on. Reads the server's script under its lock.
class FakeServer::Reader final : public mysql::BinlogReader {
 public:
  Reader(FakeServer* server, size_t next, model::GtidSet skip, Plan plan)
      : server_(server), next_(next), skip_(std::move(skip)), plan_(std::move(plan)) {}

  absl::StatusOr<const BinlogEvent*> Next(absl::Duration timeout) override {
    MutexLock lock(server_->mu_);
    ++server_->reads_;
    bool waited = false;
    while (true) {
      if (stopped_) return absl::CancelledError("stopped");
      if (!plan_.status.ok() && given_ == plan_.events) return plan_.status;
      if (const BinlogEvent* event = Take()) return event;
      if (waited) return absl::DeadlineExceededError("silence");
      server_->changed_.WaitFor(server_->mu_, timeout);
      waited = true;
    }
  }

  void Stop() override {
    MutexLock lock(server_->mu_);
    stopped_ = true;
    server_->changed_.NotifyAll();
  }

 private:
  const BinlogEvent* Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(server_->mu_) {
    while (next_ < server_->script_.size()) {
      ScriptEvent& entry = server_->script_[next_++];
      if (entry.event.kind == BinlogEvent::Kind::kGroupStart) {
        skipping_ = skip_.Contains(entry.event.gtid);
      }
      if (skipping_) continue;
      ++given_;
      event_ = entry.event;
      rows_.Reset(&entry);
      event_.rows = &rows_;
      return &event_;
    }
    return nullptr;
  }

  FakeServer* const server_;
  size_t next_;
  const model::GtidSet skip_;
  const Plan plan_;
  bool stopped_ = false;
  bool skipping_ = false;
  size_t given_ = 0;
  BinlogEvent event_;
  ScriptRows rows_;
};

// Of a server that is no replica.
class FakeServer::Probe final : public ExecutedProbe {
 public:
  explicit Probe(FakeServer* server) : server_(server) {}
  absl::StatusOr<Answer> Ask() override {
    MutexLock lock(server_->mu_);
    ++server_->asked_;
    return Answer();
  }

 private:
  FakeServer* const server_;
};

FakeServer::FakeServer(Script script, bool has_gtids) : has_gtids_(has_gtids) {
  SetPlaces(&script);
  MutexLock lock(mu_);
  script_.assign(script.begin(), script.end());
}

BinlogOpener FakeServer::opener() {
  return [this](const StartPoint& point) { return Open(point); };
}

absl::StatusOr<size_t> FakeServer::IndexOf(const StartPoint& point) {
  if (point.kind == StartPoint::Kind::kNow) return now_;
  if (point.kind == StartPoint::Kind::kGtid) return size_t{0};
  for (size_t i = 0; i < script_.size(); ++i) {
    if (script_[i].event.start == point.position) return i;
  }
  if (!script_.empty() && script_.back().event.end == point.position) return script_.size();
  return absl::InternalError(absl::StrCat("no event begins at ", point.Describe()));
}

absl::StatusOr<BinlogStream> FakeServer::Open(const StartPoint& point) {
  MutexLock lock(mu_);
  opened_at_.push_back(point);
  Plan plan;
  if (!plans_.empty()) {
    plan = plans_.front();
    plans_.pop_front();
  }
  if (plan.refuse) return plan.status;
  const auto index = IndexOf(point);
  if (!index.ok()) return index.status();
  BinlogStream stream;
  stream.origin.server_uuid = uuid_;
  stream.origin.has_gtids = has_gtids_;
  stream.origin.executed = point.executed;
  stream.follows_gtids = has_gtids_ && point.kind == StartPoint::Kind::kGtid;
  stream.position =
      *index < script_.size() ? script_[*index].event.start : model::BinlogPosition{"end", 4};
  stream.reader = std::make_unique<Reader>(this, *index, point.executed, plan);
  if (heartbeat_period_ != absl::ZeroDuration()) {
    stream.heartbeat_period = heartbeat_period_;
    stream.probe = std::make_unique<Probe>(this);
  }
  return stream;
}

void FakeServer::PlanSession(size_t events, absl::Status status) {
  MutexLock lock(mu_);
  plans_.push_back({false, events, std::move(status)});
}
void FakeServer::PlanRefusal(absl::Status status) {
  MutexLock lock(mu_);
  plans_.push_back({true, 0, std::move(status)});
}
void FakeServer::SetServerUuid(uint8_t last_byte) {
  MutexLock lock(mu_);
  uuid_[15] = last_byte;
}
void FakeServer::SetNow(size_t event) {
  MutexLock lock(mu_);
  now_ = event;
}
void FakeServer::Append(Script script) {
  SetPlaces(&script);
  MutexLock lock(mu_);
  script_.insert(script_.end(), script.begin(), script.end());
  changed_.NotifyAll();
}
void FakeServer::AnswerProbes(absl::Duration heartbeat_period) {
  MutexLock lock(mu_);
  heartbeat_period_ = heartbeat_period;
}
size_t FakeServer::asked() const {
  MutexLock lock(mu_);
  return asked_;
}
size_t FakeServer::reads() const {
  MutexLock lock(mu_);
  return reads_;
}
std::vector<StartPoint> FakeServer::opened_at() const {
  MutexLock lock(mu_);
  return opened_at_;
}

absl::Status FakeSink::Open(const model::Tag& tag, model::StreamOrigin origin) {
  MutexLock lock(mu_);
  const auto refusal = refusals_.find(tag.value());
  if (refusal != refusals_.end()) return refusal->second;
  lines_[tag.value()].push_back(origin.reason.empty() ? "open"
                                                      : absl::StrCat("open: ", origin.reason));
  origins_.push_back(std::move(origin));
  return absl::OkStatus();
}

absl::Status FakeSink::Append(const model::Tag& tag, model::ChangeBatchPtr batch) {
  MutexLock lock(mu_);
  blocked_ = true;
  while (block_) changed_.Wait(mu_);
  blocked_ = false;
  const auto refusal = refusals_.find(tag.value());
  if (refusal != refusals_.end()) return refusal->second;
  ++batches_;
  for (std::string& line : Describe(*batch)) lines_[tag.value()].push_back(std::move(line));
  return absl::OkStatus();
}

void FakeSink::Refuse(const std::string& tag, absl::Status status) {
  MutexLock lock(mu_);
  refusals_[tag] = std::move(status);
}
void FakeSink::Block() {
  MutexLock lock(mu_);
  block_ = true;
}
void FakeSink::Release() {
  MutexLock lock(mu_);
  block_ = false;
  changed_.NotifyAll();
}
bool FakeSink::blocked() const {
  MutexLock lock(mu_);
  return blocked_;
}
std::vector<std::string> FakeSink::lines(const std::string& tag) const {
  MutexLock lock(mu_);
  const auto it = lines_.find(tag);
  return it == lines_.end() ? std::vector<std::string>() : it->second;
}
std::vector<model::StreamOrigin> FakeSink::origins() const {
  MutexLock lock(mu_);
  return origins_;
}
size_t FakeSink::batches() const {
  MutexLock lock(mu_);
  return batches_;
}

}  // namespace dcp::collector
