#include "tests/simulation/process.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alarm/sink.h"
#include "base/status.h"
#include "collector/mysql/stream_place.h"
#include "tests/checker/model/plain_batch.h"

namespace dcp::simulation {
namespace {

using checker::Side;
using checker::test::PlainTxn;

constexpr char kDirectory[] = "/disk/state";
constexpr uint64_t kMostTxns = 6;         // in a batch
constexpr uint64_t kGivesUpPercent = 10;  // a client whose messages wait for the disk
constexpr absl::Duration kStoreRetry = absl::Milliseconds(200);
constexpr int64_t kMaxMessageBytes = 1 << 20;

// Fails as sinks do: it is not reached, refuses, or fails behind having taken it.
class FakeSink final : public alarm::Sink {
 public:
  explicit FakeSink(Surroundings& around) : around_(around) {}

  std::string name() const override { return "sink"; }
  absl::Status Deliver(const alarm::Alarm& alarm) override {
    if (around_.disk.dead()) return absl::CancelledError("the process has ended");
    const uint64_t chance = around_.has_faults ? around_.random.Below(100) : 100;
    if (chance < 10) return absl::UnavailableError("it is not there");
    if (chance < 15) return absl::InternalError("it failed");
    if (chance < 17) return absl::InvalidArgumentError("it does not want that");
    around_.trace.Add("sink gets ", alarm.id);
    around_.ledger.Receive(alarm);
    if (chance < 25) return absl::UnavailableError("it took it, and its answer was lost");
    return absl::OkStatus();
  }

 private:
  Surroundings& around_;
};

// A place in a server's stream is an item of it.
model::Place PlaceAt(size_t item) {
  collector::StreamPlace place;
  place.server_id = 1;
  place.start.kind = collector::StartPoint::Kind::kPosition;
  place.start.position = {"binlog.000001", item};
  return std::make_shared<const std::string>(place.ToText());
}

std::string Describe(const model::PairState& state) {
  const std::string run = state.run ? absl::StrCat("run from ", state.run->from, " ",
                                                   state.run->is_first ? "(first)" : "")
                                    : absl::StrCat("no run, ", state.lost_reason);
  return absl::StrCat("epoch ", state.epoch, ", said to ", state.said_to, ", ", run);
}

// Check "b" judges a segment key by key.
checker::PairOptions OptionsOf(const CheckedPair& checked) {
  checker::PairOptions options = checked.history.options;
  if (options.check == "b") options.keys_per_turn = 1;
  return options;
}

}  // namespace

absl::Status WatchedOutbox::Append(const model::Report& report,
                                   const std::vector<Addressed>& alarms) {
  around_.trace.Add("report of ", report.check, ", ", report.outcomes.size(), " outcomes");
  if (around_.disk.dead()) return absl::CancelledError("the process has ended");
  for (const model::Outcome& outcome : report.outcomes) {
    around_.trace.Add("  ", checker::test::ToString(checker::test::SaidOf(outcome)));
  }
  if (report.update.state) around_.trace.Add("  ", Describe(*report.update.state));
  around_.ledger.Propose(report);
  const absl::Status status = outbox_.Append(report, alarms);
  around_.trace.Add("  ", status.ToString());
  if (around_.disk.dead()) return absl::CancelledError("the process has ended");
  if (absl::IsDataLoss(status)) around_.ledger.Fail(status.ToString());
  return status;
}

void WatchedOutbox::PutAside(const std::string& sink, uint64_t sequence) {
  around_.ledger.Fail("an alarm is put aside");
  outbox_.PutAside(sink, sequence);
}

struct Process::Check {
  Check(const CheckedPair& checked, std::string of_rules)
      : pair(checked), checker(OptionsOf(checked)), rules(std::move(of_rules)) {}

  const CheckedPair& pair;
  checker::PairChecker checker;
  const std::string rules;
  bool cut_off = false;  // a report was not stored: none that follows may be
};

absl::StatusOr<std::unique_ptr<Process>> Process::Start(Surroundings& around, bool may_be_new) {
  std::unique_ptr<Process> process(new Process(around));
  DCP_RETURN_IF_ERROR(process->Build(may_be_new));
  return process;
}

Process::Process(Surroundings& around) : around_(around), registry_(PushedTags(around.world)) {}

Process::~Process() {
  tags_.clear();
  dispatcher_.reset();
}

std::vector<model::Tag> Process::PushedTags(const World& world) {
  return world.config.grpc_collectors.front().tags;
}

absl::Status Process::Build(bool may_be_new) {
  DCP_RETURN_IF_ERROR(OpenState(may_be_new));
  MakeDispatcher();
  DCP_ASSIGN_OR_RETURN(plan_, cmd::PlanResume(around_.world.config, *state_));
  for (const std::string& line : plan_.lines) around_.trace.Add(line);
  for (const auto& [names, stored] : plan_.pairs) {
    around_.trace.Add("stored of ", names.first, ": ", Describe(stored.state));
  }
  keeper_ = std::make_unique<cmd::IntakeKeeper>(
      around_.world.config, *dispatcher_, [this](const model::Tag& tag, const std::string& place) {
        around_.trace.Add("forget before ", place);
        const absl::Status status = tags_.at(tag)->ForgetBefore(place);
        if (!status.ok()) around_.ledger.Fail(status.ToString());
      });
  MakeChecks();
  return OpenTags();
}

absl::Status Process::OpenState(bool may_be_new) {
  state::StateStore::Options options;
  options.dir = kDirectory;
  options.disk = {&around_.disk, "fake"};
  options.changes_per_part = 1;  // reports in parts and whole ones
  DCP_ASSIGN_OR_RETURN(state_, state::StateStore::Open(std::move(options)));
  if (state_->is_new() && !may_be_new) around_.ledger.Fail("the state was made anew");
  outbox_ = std::make_unique<WatchedOutbox>(*state_, around_);
  return absl::OkStatus();
}

void Process::MakeDispatcher() {
  alarm::Dispatcher::Options options;
  options.backoff.seed = static_cast<uint32_t>(around_.random.Next());
  std::vector<alarm::Dispatcher::Route> routes;
  routes.push_back({std::make_unique<FakeSink>(around_), {}});
  for (const model::AlarmType type : model::kAllAlarmTypes) routes[0].routing.types.Add(type);
  dispatcher_ = std::make_unique<alarm::Dispatcher>(
      options, std::move(routes), *outbox_, alarm::Rendering(renderer_), around_.clock,
      [this](alarm::Level, absl::string_view line) { around_.trace.Add("log: ", line); });
}

void Process::MakeChecks() {
  for (const CheckedPair& pair : around_.world.pairs) {
    const auto& config = around_.world.config;
    const auto check = std::find_if(config.checks.begin(), config.checks.end(), [&](const auto& c) {
      return c.name == pair.history.options.check;
    });
    checks_.push_back(std::make_unique<Check>(pair, cmd::RulesOf(config, *check, pair.target.tag)));
    const auto stored = plan_.pairs.find({check->name, pair.target.tag.value()});
    if (stored != plan_.pairs.end()) checks_.back()->checker.Restore(stored->second);
  }
}

absl::Status Process::OpenTags() {
  for (const model::Tag& tag : PushedTags(around_.world)) {
    collector::DurableTag::Options options;
    options.log.directory =
        absl::StrCat(kDirectory, "/intake/", collector::DurableTag::DirectoryName(tag));
    options.log.segment_bytes = 300 + around_.random.Below(1500);
    options.log.io = &around_.disk;
    options.log.before_deleting = [this] { return state_->MakeDurable(); };
    options.log.random = [this] { return around_.disk.Draw(); };
    options.log.log = [this](absl::string_view line) { around_.trace.Add("log: ", line); };
    const auto place = plan_.pushed.find(tag.value());
    if (place != plan_.pushed.end()) options.start_place = place->second.ToText();
    DCP_ASSIGN_OR_RETURN(tags_[tag], collector::DurableTag::Open(tag, std::move(options), *this));
  }
  for (const auto& [tag, durable] : tags_) DCP_RETURN_IF_ERROR(durable->Begin());
  return absl::OkStatus();
}

absl::Status Process::Open(const model::Tag& tag, model::StreamOrigin origin) {
  around_.trace.Add("open ", tag.value(), " ", origin.reason, " ", origin.detail);
  for (auto& check : checks_) {
    const bool is_source = check->pair.source.tag == tag;
    if (!is_source && check->pair.target.tag != tag) continue;
    check->checker.Open(is_source ? Side::kSource : Side::kTarget, origin, Now());
    Publish(*check);
  }
  return absl::OkStatus();
}

absl::Status Process::Append(const model::Tag& tag, model::ChangeBatchPtr batch) {
  around_.trace.Add("append ", tag.value(), " ", batch->txns.size());
  for (auto& check : checks_) {
    const bool is_source = check->pair.source.tag == tag;
    if (!is_source && check->pair.target.tag != tag) continue;
    check->checker.Append(is_source ? Side::kSource : Side::kTarget, batch, Now());
    Publish(*check);
  }
  return absl::OkStatus();
}

void Process::Tick() {
  for (auto& check : checks_) {
    check->checker.Tick(Now());
    Publish(*check);
  }
}

void Process::Publish(Check& check) {
  model::Report report = check.checker.TakeReport();
  if (report.update.state) report.update.state->rules = check.rules;
  const bool anything = !report.outcomes.empty() || report.update.state.has_value();
  if (check.cut_off || (anything && !keeper_->Put(report).ok())) check.cut_off = true;
}

bool Process::ReadServer(const Feeding& feeding) {
  const bool first = !next_.contains(feeding.tag);
  if (first) next_[feeding.tag] = BeginningOf(feeding);
  size_t& next = next_[feeding.tag];
  const auto& stream = feeding.stream;
  if (first && next > 0) {
    Open(feeding.tag, checker::test::OriginAt(stream, next, PlaceAt(next))).IgnoreError();
    return true;
  }
  if (next == stream.size()) return false;
  if (const auto* origin = std::get_if<model::StreamOrigin>(&stream[next])) {
    model::StreamOrigin opened = *origin;
    opened.place = PlaceAt(++next);
    around_.furthest[feeding.tag] = std::max(around_.furthest[feeding.tag], next);
    Open(feeding.tag, std::move(opened)).IgnoreError();
    return true;
  }
  auto batch = std::make_shared<model::ChangeBatch>();
  for (uint64_t left = 1 + around_.random.Below(kMostTxns);
       left > 0 && next < stream.size() && std::holds_alternative<PlainTxn>(stream[next]);
       --left, ++next) {
    AddTxn(std::get<PlainTxn>(stream[next]), PlaceAt(next), *batch);
  }
  around_.furthest[feeding.tag] = std::max(around_.furthest[feeding.tag], next);
  Append(feeding.tag, std::move(batch)).IgnoreError();
  return true;
}

// A collector without a place begins at its server's present end, but for the first time.
size_t Process::BeginningOf(const Feeding& feeding) {
  const auto place = plan_.places.find(feeding.tag.value());
  if (place != plan_.places.end()) return place->second.start.position.offset;
  for (const auto& check : checks_) {
    const bool uses =
        check->pair.source.tag == feeding.tag || check->pair.target.tag == feeding.tag;
    const auto& options = check->pair.history.options;
    if (!uses || !plan_.pairs.contains({options.check, options.target.value()})) continue;
    around_.lost_runs.insert(options.check);
    return around_.furthest[feeding.tag];
  }
  return 0;
}

bool Process::FeedPushed(const model::Tag& tag) {
  const uint64_t before = around_.trace.hash();
  const auto readable = tags_.at(tag)->FeedSome();
  return !readable.ok() || !*readable || around_.trace.hash() != before;
}

bool Process::Deliver() { return dispatcher_->Step() == absl::ZeroDuration(); }

std::optional<PushResponse> Process::OpenCall(const PushRequest& request) {
  PushCall call;
  call.stream = ++last_stream_;
  absl::Status status = call.session.Open(request, registry_);
  if (status.ok() && !registry_.Claim(call.session.tag(), call.stream, call.session.session())) {
    status = absl::AbortedError("the tag is fed already");
  }
  if (!status.ok()) {
    around_.ledger.Fail(status.ToString());
    return std::nullopt;
  }
  const model::Tag tag = call.session.tag();
  call.session.GoOnFrom(log(tag).session(call.session.session()));
  PushResponse response;
  response.set_last_sequence(call.session.last());
  calls_.insert_or_assign(tag, std::move(call));
  return response;
}

uint64_t Process::FirstNeeded(const model::Tag& tag) {
  const auto place = plan_.pushed.find(tag.value());
  return place == plan_.pushed.end() ? log(tag).first() : place->second.sequence;
}

void Process::EndCall(const model::Tag& tag) {
  const auto call = calls_.find(tag);
  if (call == calls_.end()) return;
  registry_.Release(tag, call->second.stream);
  calls_.erase(call);
}

std::optional<PushResponse> Process::TakeBatches(const model::Tag& tag,
                                                 const std::vector<const PushRequest*>& requests) {
  const auto store = [&](const collector::IntakeBatch& batch) { return Store(tag, batch); };
  collector::PushSession::Stored stored =
      calls_.at(tag).session.Store(requests, log(tag), {"client", kMaxMessageBytes, store});
  if (!stored.fault.ok()) around_.ledger.Fail(stored.fault.ToString());
  if (!stored.done || around_.disk.dead()) return std::nullopt;
  return std::move(stored.response);
}

bool Process::Store(const model::Tag& tag, const collector::IntakeBatch& batch) {
  while (!around_.disk.dead()) {
    const absl::Status status = log(tag).Append(batch);
    around_.trace.Add("stored ", batch.count(), " of ", tag.value(), ": ", status.ToString());
    if (status.ok()) return true;
    if (around_.random.Percent(kGivesUpPercent)) return false;
    around_.clock.Advance(kStoreRetry);
  }
  return false;
}

}  // namespace dcp::simulation
