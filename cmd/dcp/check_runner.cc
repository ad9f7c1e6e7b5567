#include "cmd/dcp/check_runner.h"

#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

constexpr size_t kRowsPerRead = 200;
// Of a check's memory: at most an eighth for inputs that the worker has not looked at, and
// half for what is remembered of keys.
constexpr uint64_t kInputPart = 8;
constexpr uint64_t kKeysPart = 2;
// Freed memory goes back to the system, while segments wait on disk.
constexpr absl::Duration kGiveBackEvery = absl::Seconds(1);
// What cannot be written in parts and is larger is not copied, to wait on disk.
constexpr uint64_t kMostBytesOnDisk = uint64_t{32} << 20;
// So much comes in between two looks at what is held.
constexpr uint64_t kStepPart = 64;

uint64_t BytesOf(const model::ChangeBatch& batch) {
  return batch.bytes.size() + batch.changes.size() * sizeof(model::Change) +
         batch.txns.size() * sizeof(model::Txn) + batch.marks.size() * sizeof(model::Mark) +
         batch.statements.size() * sizeof(model::Statement);
}

}  // namespace

// The checker is used by the worker alone; the rest is guarded by mu_ of the runner.
struct CheckRunner::Pair {
  explicit Pair(Target target)
      : checker(target.options), reader(std::move(target.reader)), rules(std::move(target.rules)) {
    status.target = target.options.target;
    checker.SetStore(checker::Side::kSource, std::move(target.source_store));
    checker.SetStore(checker::Side::kTarget, std::move(target.target_store));
    if (target.stored) checker.Restore(*target.stored);
  }

  // What more comes of `side` waits for the other one, which has ended.
  bool Waits(checker::Side side, uint64_t share) const {
    const bool other_ended = side == checker::Side::kSource ? target_ended : source_ended;
    return other_ended &&
           (left_out > 0 || (checker.ahead(side) && checker.pending_bytes(side) > share));
  }

  checker::PairChecker checker;
  bool source_ended = false, target_ended = false;
  uint64_t left_out = 0;
  // A report was not stored, as the sink was stopped. None that follows may be: it would
  // tell a later run that what is missing was said.
  bool cut_off = false;
  std::unique_ptr<model::RowReader> reader;
  const std::string rules;
  std::thread confirmer;

  // Guarded by CheckRunner::mu_.
  std::deque<checker::ConfirmRequest> requests;
  std::vector<checker::ConfirmAnswer> answers;
  TargetStatus status;
  bool source_ahead = false, target_ahead = false;  // of one that has not ended
  uint64_t source_bytes = 0, target_bytes = 0;
};

CheckRunner::CheckRunner(Options options, std::vector<Target> targets, const Clock& clock,
                         model::OutcomeSink* sink)
    : options_(std::move(options)),
      clock_(clock),
      sink_(sink),
      share_(options_.memory->Join()),
      limit_(share_->Use(0)),
      spill_log_(options_.name, options_.log) {
  memory_.limit_bytes = limit_;
  for (Target& target : targets) pairs_.push_back(std::make_unique<Pair>(std::move(target)));
}

CheckRunner::~CheckRunner() { Stop(); }

void CheckRunner::Start() {
  worker_ = std::thread([this] { Work(); });
  for (auto& pair : pairs_) {
    if (pair->reader) pair->confirmer = std::thread([this, p = pair.get()] { Confirm(*p); });
  }
}

void CheckRunner::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    input_came_.NotifyAll();
    room_came_.NotifyAll();
    requests_came_.NotifyAll();
  }
  if (worker_.joinable()) worker_.join();
  for (auto& pair : pairs_) {
    if (pair->confirmer.joinable()) pair->confirmer.join();
  }
}

bool CheckRunner::uses(const model::Tag& tag) const {
  return tag == options_.source || std::any_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
           return pair->status.target == tag;
         });
}

absl::Status CheckRunner::Open(const model::Tag& tag, model::StreamOrigin origin) {
  return Enqueue({tag, std::move(origin), Now(), 0});
}

absl::Status CheckRunner::Append(const model::Tag& tag, model::ChangeBatchPtr batch) {
  const uint64_t bytes = BytesOf(*batch);
  if (options_.inputs != nullptr && bytes <= kMostBytesOnDisk && IsBehind()) {
    const auto ticket = options_.inputs->Write(batch);
    if (ticket.ok()) return Enqueue({tag, *ticket, Now(), 0});
  }
  return Enqueue({tag, std::move(batch), Now(), bytes});
}

void CheckRunner::EndOfStream(const model::Tag& tag) {
  MutexLock lock(mu_);
  inputs_.push_back({tag, End{}, Now(), 0});
  input_came_.NotifyOne();
}

void CheckRunner::NoteVerified(const model::Tag& target, model::VerifiedTable verified) {
  MutexLock lock(mu_);
  inputs_.push_back({target, std::move(verified), Now(), 0});
  input_came_.NotifyOne();
}

bool CheckRunner::IsBehind() const {
  MutexLock lock(mu_);
  return input_bytes_ > memory_.limit_bytes / kInputPart;
}

bool CheckRunner::MustWait(const Input& input) const {
  if (stopping_) return false;
  const model::Tag& tag = input.tag;
  const uint64_t part = memory_.limit_bytes / kInputPart;
  // The worker is behind: it takes it soon. What waits on disk takes no memory.
  if (input_bytes_ > part && !std::holds_alternative<model::SpillTicket>(input.what)) return true;
  if (!over_) return false;
  // One that holds little would free little.
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
    if (tag == options_.source) return pair->source_ahead && pair->source_bytes > part;
    return tag == pair->status.target && pair->target_ahead && pair->target_bytes > part;
  });
}

absl::Status CheckRunner::Enqueue(Input input) {
  MutexLock lock(mu_);
  for (bool told = false; MustWait(input); room_came_.Wait(mu_)) {
    if (over_ && !std::exchange(told, true)) ++memory_.intake_waits;
  }
  if (stopping_) return absl::CancelledError("the check is stopping");
  input_bytes_ += input.bytes;
  inputs_.push_back(std::move(input));
  input_came_.NotifyOne();
  return absl::OkStatus();
}

bool CheckRunner::Take(std::deque<Input>* inputs) {
  MutexLock lock(mu_);
  const auto answered = [&] {
    return std::any_of(pairs_.begin(), pairs_.end(),
                       [](const auto& pair) { return !pair->answers.empty(); });
  };
  if (inputs_.empty() && !stopping_ && !answered()) input_came_.WaitFor(mu_, options_.tick);
  if (stopping_ && inputs_.empty()) return false;
  inputs->swap(inputs_);
  taken_at_ = Now();
  input_bytes_ = 0;
  room_came_.NotifyAll();
  return true;
}

void CheckRunner::Work() {
  std::deque<Input> inputs;
  while (Take(&inputs)) {
    uint64_t waiting = 0;
    for (const Input& input : inputs) waiting += input.bytes;
    uint64_t fed = 0;
    for (; !inputs.empty(); inputs.pop_front()) {
      if (IsCutOff()) break;  // nothing of it would be said
      uint64_t bytes = 0;
      waiting -= inputs.front().bytes;
      if (!Load(&inputs.front(), &bytes)) continue;
      for (auto& pair : pairs_) Feed(*pair, inputs.front());
      fed += bytes;
      if (fed <= limit_ / kStepPart) continue;
      fed = 0;
      Relieve(waiting);
      // What was found so far is not held until all that waited on disk is judged.
      for (auto& pair : pairs_) Publish(*pair);
    }
    inputs.clear();
    Relieve(0);
    for (auto& pair : pairs_) Settle(*pair);
  }
}

bool CheckRunner::IsCutOff() const {
  return std::all_of(pairs_.begin(), pairs_.end(), [](const auto& pair) { return pair->cut_off; });
}

bool CheckRunner::Load(Input* input, uint64_t* bytes) {
  *bytes = input->bytes;
  const auto* ticket = std::get_if<model::SpillTicket>(&input->what);
  if (ticket == nullptr) return true;
  absl::StatusOr<model::ChangeBatchPtr> batch = options_.inputs->Take(*ticket);
  if (batch.ok()) {
    *bytes = BytesOf(**batch);
    input->what = *std::move(batch);
    return true;
  }
  for (auto& pair : pairs_) pair->cut_off = true;
  MutexLock lock(mu_);
  failure_ = Annotate(batch.status(), absl::StrCat("check ", options_.name,
                                                   ": what waited on disk cannot be read"));
  return false;
}

void CheckRunner::Feed(Pair& pair, const Input& input) {
  const bool source = input.tag == options_.source;
  if (!source && !(input.tag == pair.status.target)) return;
  const checker::Side side = source ? checker::Side::kSource : checker::Side::kTarget;
  if (const auto* origin = std::get_if<model::StreamOrigin>(&input.what)) {
    pair.checker.Open(side, *origin, input.at);
  } else if (const auto* batch = std::get_if<model::ChangeBatchPtr>(&input.what)) {
    if (pair.Waits(side, limit_ / (1 + pairs_.size()))) {
      pair.left_out += (*batch)->changes.size();
    } else {
      pair.checker.Append(side, *batch, input.at);
    }
  } else if (const auto* verified = std::get_if<model::VerifiedTable>(&input.what)) {
    pair.checker.NoteVerified(*verified);
  } else {
    (source ? pair.source_ended : pair.target_ended) = true;
  }
}

void CheckRunner::Relieve(uint64_t waiting) {
  const auto held = [&] {
    uint64_t bytes = waiting;
    for (const auto& pair : pairs_) bytes += pair->checker.resident_bytes();
    return bytes;
  };
  uint64_t used = held();
  limit_ = share_->Use(used);
  for (auto& pair : pairs_) pair->checker.SetMaxKeyBytes(limit_ / kKeysPart / pairs_.size());
  const uint64_t limit = limit_ - limit_ / kInputPart;
  absl::Status spilled;
  if (used > limit) {
    spilled = Spill(used - limit);
    used = held();
    limit_ = share_->Use(used);
  }
  MemoryStatus status;
  for (const auto& pair : pairs_) {
    for (const checker::Side side : {checker::Side::kSource, checker::Side::kTarget}) {
      const checker::SideMemory memory = pair->checker.memory(side);
      status.spilled_segments += memory.spilled_segments;
      status.spilled_bytes += memory.spilled_bytes;
    }
  }
  if (options_.inputs != nullptr) status.spilled_bytes += options_.inputs->bytes();
  spill_log_.Note(spilled, status.spilled_segments, status.spilled_bytes, limit_,
                  clock_.Monotonic());
  if (status.spilled_segments > 0) GiveBack();
  MutexLock lock(mu_);
  over_ = used > limit;
  status.used_bytes = used;
  status.limit_bytes = limit_;
  status.intake_waits = memory_.intake_waits;
  status.spill_failures = memory_.spill_failures + (spilled.ok() ? 0 : 1);
  memory_ = status;
}

// Each thread's part of the heap keeps what another thread freed of it.
void CheckRunner::GiveBack() {
  const absl::Duration now = clock_.Monotonic();
  if (now - gave_back_at_ < kGiveBackEvery) return;
  gave_back_at_ = now;
  malloc_trim(0);
}

absl::Status CheckRunner::Spill(uint64_t bytes) {
  for (auto& pair : pairs_) {
    const uint64_t before = pair->checker.resident_bytes();
    DCP_RETURN_IF_ERROR(pair->checker.Spill(bytes));
    bytes -= std::min(bytes, before - pair->checker.resident_bytes());
  }
  return absl::OkStatus();
}

void CheckRunner::TellFailure(Pair& pair) {
  const absl::Status failure = pair.checker.failure();
  if (failure.ok() || std::exchange(pair.cut_off, true)) return;
  MutexLock lock(mu_);
  failure_ = Annotate(
      failure, absl::StrCat("check ", options_.name, ": what waited on disk cannot be read"));
}

void CheckRunner::Settle(Pair& pair) {
  std::vector<checker::ConfirmAnswer> answers;
  {
    MutexLock lock(mu_);
    answers.swap(pair.answers);
  }
  // However long it took since then: what has come meanwhile is not seen yet, and is not late.
  if (!answers.empty()) pair.checker.Answer(answers, taken_at_);
  pair.checker.Tick(taken_at_);
  Publish(pair);
}

void CheckRunner::Publish(Pair& pair) {
  TellFailure(pair);
  model::Report report = pair.checker.TakeReport();
  if (report.update.state) report.update.state->rules = pair.rules;
  std::vector<checker::ConfirmRequest> requests = pair.checker.TakeRequests();
  const bool anything = !report.outcomes.empty() || report.update.state.has_value();
  if (pair.cut_off || (anything && !sink_->Put(report).ok())) {
    pair.cut_off = true;
    return;
  }
  const checker::PairStatus status = pair.checker.status();

  MutexLock lock(mu_);
  pair.status.pair = status;
  for (const model::Outcome& outcome : report.outcomes) {
    if (std::holds_alternative<model::Timeout>(outcome)) ++pair.status.timeouts;
    const auto* verdict = std::get_if<model::Verdict>(&outcome);
    if (verdict == nullptr) continue;
    pair.status.last_verdict = verdict->head.at;
    pair.status.source_rows += verdict->source_rows;
    pair.status.target_rows += verdict->target_rows;
    if (verdict->kind == model::Verdict::Kind::kSame) ++pair.status.same;
    if (verdict->kind == model::Verdict::Kind::kDiff) ++pair.status.diff;
    if (verdict->kind == model::Verdict::Kind::kUnverified) ++pair.status.unverified;
  }
  pair.status.left_out = pair.left_out;
  pair.source_ahead = !pair.target_ended && pair.checker.ahead(checker::Side::kSource);
  pair.target_ahead = !pair.source_ended && pair.checker.ahead(checker::Side::kTarget);
  pair.source_bytes = pair.checker.memory(checker::Side::kSource).resident_bytes;
  pair.target_bytes = pair.checker.memory(checker::Side::kTarget).resident_bytes;
  pair.status.pending_bytes = pair.checker.pending_bytes(checker::Side::kSource) +
                              pair.checker.pending_bytes(checker::Side::kTarget);
  pair.requests.insert(pair.requests.end(), std::make_move_iterator(requests.begin()),
                       std::make_move_iterator(requests.end()));
  if (!pair.requests.empty()) requests_came_.NotifyAll();
  room_came_.NotifyAll();
}

void CheckRunner::Confirm(Pair& pair) {
  while (true) {
    std::vector<checker::ConfirmRequest> requests;
    {
      MutexLock lock(mu_);
      while (pair.requests.empty() && !stopping_) requests_came_.Wait(mu_);
      if (stopping_) return;
      const size_t count = std::min(kRowsPerRead, pair.requests.size());
      const auto end = pair.requests.begin() + static_cast<std::ptrdiff_t>(count);
      requests.assign(std::make_move_iterator(pair.requests.begin()), std::make_move_iterator(end));
      pair.requests.erase(pair.requests.begin(), end);
    }
    std::vector<model::RowRequest> rows;
    for (const checker::ConfirmRequest& request : requests) rows.push_back(request.row);
    std::vector<model::RowAnswer> read = pair.reader->Read(rows);
    const std::optional<uint64_t> barrier = pair.reader->target_barrier();

    MutexLock lock(mu_);
    for (size_t i = 0; i < requests.size(); ++i) {
      pair.answers.push_back({requests[i].id, std::move(read[i]), barrier});
    }
    input_came_.NotifyOne();
  }
}

std::vector<CheckRunner::TargetStatus> CheckRunner::status() const {
  MutexLock lock(mu_);
  std::vector<TargetStatus> all;
  for (const auto& pair : pairs_) all.push_back(pair->status);
  return all;
}

CheckRunner::MemoryStatus CheckRunner::memory() const {
  MutexLock lock(mu_);
  return memory_;
}

absl::Status CheckRunner::failure() const {
  MutexLock lock(mu_);
  return failure_;
}

absl::Status ChangeRouter::Open(const model::Tag& tag, model::StreamOrigin origin) {
  bool used = false;
  for (CheckRunner* runner : runners_) {
    if (!runner->uses(tag)) continue;
    used = true;
    DCP_RETURN_IF_ERROR(runner->Open(tag, origin));
  }
  if (used) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no check uses the tag '", tag.value(), "'"));
}

absl::Status ChangeRouter::Append(const model::Tag& tag, model::ChangeBatchPtr batch) {
  bool used = false;
  for (CheckRunner* runner : runners_) {
    if (!runner->uses(tag)) continue;
    used = true;
    DCP_RETURN_IF_ERROR(runner->Append(tag, batch));
  }
  if (used) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no check uses the tag '", tag.value(), "'"));
}

}  // namespace dcp::cmd
