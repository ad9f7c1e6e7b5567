#include "checker/pair_checker.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checker/converge_judge.h"
#include "checker/judge.h"
#include "checker/ordered_judge.h"
#include "checker/outage.h"
#include "checker/pairer.h"
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
        outage_(options_) {}

  StreamCutter& cutter(Side side) { return side == Side::kSource ? source_ : target_; }
  const StreamCutter& cutter(Side side) const { return side == Side::kSource ? source_ : target_; }

  void Advance(const Instant& now) {
    std::vector<PairEvent> events;
    pairer_->Advance(&events);
    for (PairEvent& event : events) Handle(event, now);
    CollectJudged();
    UpdateOutage(now);
  }

  void Answer(const std::vector<ConfirmAnswer>& answers, const Instant& now) {
    judge_->Answer(answers, now.wall);
    CollectJudged();
  }

  void UpdateOutage(const Instant& now) {
    const auto waiting = pairer_->waiting();
    outage_.Update(
        waiting, epoch_, target_.last_offset(), [&] { return OutageDetail(waiting); }, now,
        &outcomes_);
  }

  std::vector<model::Outcome> TakeOutcomes() { return std::exchange(outcomes_, {}); }
  std::vector<ConfirmRequest> TakeRequests() { return judge_->TakeRequests(); }

  PairStatus status() const {
    PairStatus status;
    status.align = pairer_->align();
    status.align_reason = pairer_->align_reason();
    status.running = running_;
    status.epoch = epoch_;
    status.last_judged = judge_->last_judged();
    status.source_barrier = source_.last_offset();
    status.target_barrier = target_.last_offset();
    if (const auto waiting = pairer_->waiting()) status.pending_segments = waiting->segments;
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
        running_ = false;
        lost_reason_ = event.reason;
        lost_detail_ = event.detail;
        return;
      case PairEvent::Kind::kSegment:
        event.pair.late = outage_.IsLate(event.source_closed_at, now);
        judge_->Feed(event.pair, now.wall);
        last_common_ = event.pair.to;
        return;
    }
  }

  void StartRun(const PairEvent& event, const Instant& now) {
    CollectJudged();
    epoch_ = event.epoch;
    running_ = true;
    if (!lost_reason_.empty()) SayLost(event.offset, now);
    lost_reason_.clear();
    last_common_ = event.offset;
    judge_->StartRun(event.epoch, event.offset, pairer_->align() == Align::kGtid);
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

  void CollectJudged() {
    std::vector<model::Outcome> judged = judge_->TakeOutcomes();
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
  Outage outage_;
  uint64_t epoch_ = 1;
  bool running_ = false;
  uint64_t last_common_ = 0;
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

std::vector<model::Outcome> PairChecker::TakeOutcomes() { return impl_->TakeOutcomes(); }
std::vector<ConfirmRequest> PairChecker::TakeRequests() { return impl_->TakeRequests(); }
PairStatus PairChecker::status() const { return impl_->status(); }
bool PairChecker::ahead(Side side) const { return impl_->ahead(side); }
uint64_t PairChecker::pending_bytes(Side side) const { return impl_->pending_bytes(side); }

}  // namespace dcp::checker
