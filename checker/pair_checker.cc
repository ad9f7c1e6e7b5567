#include "checker/pair_checker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "checker/converge_judge.h"
#include "checker/judge.h"
#include "checker/ordered_judge.h"
#include "checker/outage.h"
#include "checker/pairer.h"
#include "checker/resume_trail.h"
#include "checker/stream_cutter.h"

namespace dcp::checker {

std::unique_ptr<Judge> MakeJudge(const PairOptions& options) {
  if (options.compare == Compare::kOrdered) return std::make_unique<OrderedJudge>(options);
  return std::make_unique<ConvergeJudge>(options);
}

class PairChecker::Impl {
 public:
  explicit Impl(PairOptions options)
      : options_(std::move(options)),
        pairer_(MakePairer(options_, &source_, &target_)),
        judge_(MakeJudge(options_)),
        trail_(SegmentsReadAgain(options_)),
        outage_(options_),
        silence_(options_) {}

  void Restore(const model::StoredPair& stored) {
    const model::PairState& state = stored.state;
    epoch_ = state.epoch;
    said_to_ = last_common_ = state.said_to;
    judge_->Restore(said_to_, !state.run || state.run->is_first, stored.findings);
    if (state.timeout) outage_.Restore(*state.timeout);
    if (state.source_timeout) silence_.Restore(*state.source_timeout);
    if (state.run) {
      resumed_ = state.run;
      pairer_->StartAt({state.epoch, state.run->from, state.run->from_name, state.said_to,
                        state.run->judged_ahead});
    } else {
      const bool told = !state.lost_reason.empty() || said_to_ == 0;
      lost_reason_ = told ? state.lost_reason : "restart";
      lost_detail_ = told ? state.lost_detail
                          : "dcp was not running, and a side's stream cannot "
                            "be read again from before";
      judge_->EndRun(lost_reason_, lost_detail_, absl::Time());
    }
  }

  StreamCutter& cutter(Side side) { return side == Side::kSource ? source_ : target_; }
  const StreamCutter& cutter(Side side) const { return side == Side::kSource ? source_ : target_; }

  void Advance(const Instant& now) {
    std::vector<PairEvent> events;
    do {
      events.clear();
      if (failure().ok()) pairer_->Advance(&events);
      if (!failure().ok()) return;  // what was paired last may lack what could not be read
      for (PairEvent& event : events) Handle(event, now);
    } while (!events.empty());
    CollectJudged();
    UpdateOutage(now);
  }

  absl::Status Spill(uint64_t bytes) {
    // The side that waits is the one that holds more.
    const uint64_t before = source_.resident_bytes() + target_.resident_bytes();
    const bool source_first = source_.resident_bytes() >= target_.resident_bytes();
    DCP_RETURN_IF_ERROR((source_first ? source_ : target_).Spill(bytes));
    const uint64_t freed = before - source_.resident_bytes() - target_.resident_bytes();
    if (freed >= bytes) return absl::OkStatus();
    return (source_first ? target_ : source_).Spill(bytes - freed);
  }

  void SetMaxKeyBytes(uint64_t bytes) { judge_->SetMaxBytes(bytes); }

  uint64_t resident_bytes() const {
    return source_.resident_bytes() + target_.resident_bytes() + pairer_->held_target_bytes() +
           pairer_->work_bytes() + judge_->bytes();
  }

  absl::Status failure() const {
    return source_.status().ok() ? target_.status() : source_.status();
  }

  void Answer(const std::vector<ConfirmAnswer>& answers, const Instant& now) {
    judge_->Answer(answers, now.wall);
    CollectJudged();
  }

  void NoteVerified(model::VerifiedTable verified) {
    const bool sound = verified.from_barrier <= verified.to_barrier;
    if (running_ && sound) judge_->NoteVerified(std::move(verified));
  }

  void UpdateOutage(const Instant& now) {
    const auto waiting = Waiting();
    outage_.Update(
        waiting, epoch_, target_.last_offset(), [&] { return OutageDetail(waiting); }, now,
        &outcomes_);
    silence_.Update(source_, epoch_, now, &outcomes_);
  }

  model::Report TakeReport() {
    model::Report report{options_.check, options_.target.value(), std::exchange(outcomes_, {}), {}};
    judge_->TakeFindingChanges().MoveTo(&report.update);
    if (std::exchange(state_changed_, false) || !report.outcomes.empty()) {
      report.update.state = State();
    }
    return report;
  }
  std::vector<ConfirmRequest> TakeRequests() { return judge_->TakeRequests(); }

  PairStatus status() const {
    PairStatus status;
    status.align = pairer_->align();
    status.align_reason = pairer_->align_reason();
    status.running = running_;
    status.epoch = epoch_;
    status.last_judged = said_to_;
    status.source_barrier = source_.last_offset();
    status.target_barrier = target_.last_offset();
    if (const auto waiting = pairer_->waiting()) status.pending_segments = waiting->segments;
    if (const auto waiting = Waiting()) status.waiting_since = waiting->since;
    status.pending_keys = judge_->pending_keys();
    status.open_findings = judge_->open_findings();
    status.dropped_before_start = pairer_->dropped_changes();
    status.source_open_changes = source_.changes_since_barrier();
    status.target_open_changes = target_.changes_since_barrier();
    return status;
  }

  bool ahead(Side side) const {
    if (side == Side::kSource) return !pairer_->needs_source() && pairer_->waiting().has_value();
    return !pairer_->needs_target() && (target_.has_closed() || pairer_->held_target_bytes() > 0);
  }

  uint64_t pending_bytes(Side side) const {
    const uint64_t held = side == Side::kTarget ? pairer_->held_target_bytes() : 0;
    return cutter(side).pending_bytes() + held;
  }

 private:
  void Handle(PairEvent& event, const Instant& now) {
    switch (event.kind) {
      case PairEvent::Kind::kRunStart:
        return StartRun(event, now);
      case PairEvent::Kind::kRunEnd:
        judge_->EndRun(event.reason, event.detail, now.wall);
        CollectJudged();
        trail_.End();
        outage_.ClosedTo(Outage::kNowhere);
        resumed_.reset();
        running_ = false;
        state_changed_ = true;
        lost_reason_ = event.reason;
        lost_detail_ = event.detail;
        return;
      case PairEvent::Kind::kSegment:
        event.pair.epoch += epochs_before_;
        event.pair.late = outage_.IsLate(event.source_closed_at, now);
        trail_.Add(event.pair.to, event.barrier, event.target_from);
        judge_->Feed(event.pair, now.wall);
        pairer_->NoteForgotten(static_cast<uint64_t>(judge_->forgotten_to()));
        last_common_ = event.pair.to;
        if (last_common_ >= said_to_) resumed_.reset();
        outage_.ClosedTo(last_common_);
        return;
    }
  }

  void StartRun(const PairEvent& event, const Instant& now) {
    CollectJudged();
    const bool by_gtid = pairer_->align() == Align::kGtid;
    epoch_ = EpochOf(event);
    running_ = true;
    state_changed_ = true;
    if (!lost_reason_.empty()) SayLost(event.offset, now);
    lost_reason_.clear();
    last_common_ = event.offset;
    trail_.Start(event.offset, event.barrier);
    if (!resumed_) said_to_ = event.offset;
    if (resumed_ && !resumed_->is_first) trail_.GoesOn();
    if (last_common_ >= said_to_) resumed_.reset();
    outage_.ClosedTo(event.offset);
    judge_->StartRun(epoch_, event.offset, by_gtid);
  }

  // A pairer counts epochs from when it was made, or from what StartAt() told it, and
  // does not see every one: barriers that begin anew behind a gap have the numbers of
  // those that were judged, and are not the same.
  uint64_t EpochOf(const PairEvent& start) {
    if (resumed_) return start.epoch;
    epochs_before_ = std::max(start.epoch + epochs_before_, epoch_) - start.epoch;
    if (start.offset < last_common_ && start.epoch + epochs_before_ == epoch_) ++epochs_before_;
    return start.epoch + epochs_before_;
  }

  model::PairState State() {
    model::PairState state;
    state.epoch = epoch_;
    state.said_to = said_to_;
    state.timeout = outage_.said();
    state.source_timeout = silence_.said();
    state.lost_reason = lost_reason_;
    state.lost_detail = lost_detail_;
    if (resumed_) {
      state.run = resumed_;
      return state;
    }
    if (running_) state.run = trail_.Get(said_to_, pairer_->held_target_from());
    if (state.run) state.run->judged_ahead = pairer_->JudgedAhead(said_to_, trail_.said_ordinal());
    return state;
  }

  // Between two runs nothing was seen whole.
  void SayLost(uint64_t to, const Instant& now) {
    model::Verdict verdict;
    verdict.kind = model::Verdict::Kind::kUnverified;
    verdict.head.check = options_.check;
    verdict.head.source = options_.source.value();
    verdict.head.target = options_.target.value();
    verdict.head.epoch = epoch_;
    verdict.head.from = last_common_;
    verdict.head.to = to;
    verdict.head.at = now.wall;
    verdict.unverified_reason = lost_reason_;
    verdict.unverified_detail = lost_detail_;
    outcomes_.push_back(std::move(verdict));
  }

  // What is read again after a restart has been judged: the target is late with what follows.
  std::optional<Pairer::Waiting> Waiting() const {
    std::optional<Pairer::Waiting> waiting = pairer_->waiting();
    if (!waiting || !resumed_ || waiting->to > said_to_) return waiting;
    const Chunk* next = source_.oldest_barrier(said_to_);
    if (next == nullptr) return std::nullopt;
    waiting->since = next->ended_at;
    waiting->from = said_to_;
    waiting->to = next->offset;
    return waiting;
  }

  void CollectJudged() {
    std::vector<model::Outcome> judged = judge_->TakeOutcomes();
    for (const model::Outcome& outcome : judged) {
      if (const auto* verdict = std::get_if<model::Verdict>(&outcome)) said_to_ = verdict->head.to;
    }
    outcomes_.insert(outcomes_.end(), std::make_move_iterator(judged.begin()),
                     std::make_move_iterator(judged.end()));
  }

  std::string OutageDetail(const std::optional<Pairer::Waiting>& waiting) const {
    if (waiting && waiting->unshown) {
      return "the target executed a barrier's transaction but does not show the barrier: does a "
             "filter leave out the database drc there?";
    }
    if (!target_.opened()) return "the target's stream has not begun";
    if (target_.last_offset() == 0) {
      return target_.changes_since_barrier() > 0 ? "the target sends data but no barrier: is "
                                                   "drc.barrier replicated and logged there?"
                                                 : "the target has sent no barrier";
    }
    return "";  // the outcome's last_barrier says it
  }

  const PairOptions options_;
  StreamCutter source_, target_;
  std::unique_ptr<Pairer> pairer_;
  std::unique_ptr<Judge> judge_;
  ResumeTrail trail_;
  Outage outage_;
  SourceSilence silence_;
  uint64_t epoch_ = 1;          // of the run, or of the last one
  uint64_t epochs_before_ = 0;  // that the pairer does not count
  bool running_ = false;
  uint64_t last_common_ = 0;
  uint64_t said_to_ = 0;  // barrier offset
  // The run that is taken up again, until it has come to `said_to_`.
  std::optional<model::RunState> resumed_;
  bool state_changed_ = false;
  std::string lost_reason_, lost_detail_;  // of the run that ended
  std::vector<model::Outcome> outcomes_;
};

PairChecker::PairChecker(PairOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
PairChecker::~PairChecker() = default;

void PairChecker::Open(Side side, model::StreamOrigin origin, const Instant& now) {
  impl_->cutter(side).Open(std::move(origin), now.monotonic);
  impl_->Advance(now);
}

void PairChecker::Append(Side side, model::ChangeBatchPtr batch, const Instant& now) {
  impl_->cutter(side).Append(std::move(batch), now.monotonic);
  impl_->Advance(now);
}

void PairChecker::Tick(const Instant& now) { impl_->UpdateOutage(now); }

void PairChecker::Answer(const std::vector<ConfirmAnswer>& answers, const Instant& now) {
  impl_->Answer(answers, now);
}

void PairChecker::NoteVerified(model::VerifiedTable verified) {
  impl_->NoteVerified(std::move(verified));
}

void PairChecker::Restore(const model::StoredPair& stored) { impl_->Restore(stored); }
model::Report PairChecker::TakeReport() { return impl_->TakeReport(); }
std::vector<ConfirmRequest> PairChecker::TakeRequests() { return impl_->TakeRequests(); }
PairStatus PairChecker::status() const { return impl_->status(); }
bool PairChecker::ahead(Side side) const { return impl_->ahead(side); }
void PairChecker::SetStore(Side side, std::unique_ptr<model::SpillStore> store) {
  impl_->cutter(side).SetStore(std::move(store));
}
absl::Status PairChecker::Spill(uint64_t bytes) { return impl_->Spill(bytes); }
void PairChecker::SetMaxKeyBytes(uint64_t bytes) { impl_->SetMaxKeyBytes(bytes); }
uint64_t PairChecker::resident_bytes() const { return impl_->resident_bytes(); }
absl::Status PairChecker::failure() const { return impl_->failure(); }
SideMemory PairChecker::memory(Side side) const {
  const StreamCutter& cutter = std::as_const(*impl_).cutter(side);
  return {cutter.resident_bytes(), cutter.spilled_chunks(), cutter.spilled_bytes()};
}
uint64_t PairChecker::pending_bytes(Side side) const { return impl_->pending_bytes(side); }

}  // namespace dcp::checker
