#include "checker/outage.h"

#include "absl/strings/str_cat.h"
#include "model/alarm_id.h"

namespace dcp::checker {
namespace {

model::OutcomeHead HeadOf(const PairOptions& options, uint64_t epoch, const Instant& now) {
  model::OutcomeHead head;
  head.check = options.check;
  head.source = options.source.value();
  head.target = options.target.value();
  head.epoch = epoch;
  head.at = now.wall;
  return head;
}

std::string SilenceDetail(const StreamCutter& source) {
  if (!source.opened()) {
    return "the source's stream has not begun: dcp's log says why, or no client pushes to it";
  }
  return absl::StrCat(source.changes_since_barrier() > 0 ? "it sends data but no barrier"
                                                         : "it sends neither data nor barriers",
                      ": does a dcp with [barrier] run, and write the row of drc.barrier that the "
                      "check follows (its barrier_id), on this server?");
}

}  // namespace

void Outage::Update(const std::optional<Pairer::Waiting>& waiting, uint64_t epoch,
                    uint64_t target_barrier, absl::FunctionRef<std::string()> detail,
                    const Instant& now, std::vector<model::Outcome>* outcomes) {
  const bool late = waiting && IsLate(waiting->since, now);
  if (late == said_.has_value()) return;
  if (!late) {
    if (restored_) return;
    model::Resolved resolved;
    resolved.resolves.push_back(model::AlarmId(*said_, "timeout"));
    resolved.head = *said_;
    resolved.head.at = now.wall;
    outcomes->push_back(std::move(resolved));
    said_.reset();
    return;
  }
  model::Timeout timeout;
  timeout.head = HeadOf(options_, epoch, now);
  timeout.head.from = waiting->from;
  timeout.head.to = waiting->to;
  timeout.last_barrier = target_barrier;
  timeout.lag = now.monotonic - waiting->since;
  timeout.detail = detail();
  said_ = timeout.head;
  outcomes->push_back(std::move(timeout));
}

std::optional<absl::Duration> SourceSilence::Since(const StreamCutter& source, const Instant& now) {
  if (!begun_) begun_ = now.monotonic;
  if (source.last_offset() == 0) return begun_;
  // Both clocks: the reading may have been held up, and the source's clock may jump.
  if (source.changes_since_barrier() == 0 || source.unbarred_span() < options_.silence) {
    return std::nullopt;
  }
  return source.unbarred_since();
}

void SourceSilence::Update(const StreamCutter& source, uint64_t epoch, const Instant& now,
                           std::vector<model::Outcome>* outcomes) {
  const std::optional<absl::Duration> since = Since(source, now);
  const bool silent = since && now.monotonic - *since >= options_.silence;
  if (silent == said_.has_value()) return;
  if (!silent) {
    const bool newer = epoch > said_->epoch || source.last_offset() > said_->from;
    if (restored_ && !newer) return;
    restored_ = false;
    model::Resolved resolved;
    resolved.resolves.push_back(model::AlarmId(*said_, "timeout", model::kOfSource));
    resolved.head = *said_;
    resolved.head.at = now.wall;
    resolved.of_source = true;
    outcomes->push_back(std::move(resolved));
    said_.reset();
    return;
  }
  model::Timeout timeout;
  timeout.head = HeadOf(options_, epoch, now);
  timeout.head.from = timeout.head.to = source.last_offset();
  timeout.last_barrier = source.last_offset();
  timeout.lag = now.monotonic - *since;
  timeout.detail = SilenceDetail(source);
  timeout.of_source = true;
  said_ = timeout.head;
  outcomes->push_back(std::move(timeout));
}

}  // namespace dcp::checker
