#include "checker/outage.h"

#include "model/alarm_id.h"

namespace dcp::checker {

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
  timeout.head.check = options_.check;
  timeout.head.source = options_.source.value();
  timeout.head.target = options_.target.value();
  timeout.head.epoch = epoch;
  timeout.head.from = waiting->from;
  timeout.head.to = waiting->to;
  timeout.head.at = now.wall;
  timeout.last_barrier = target_barrier;
  timeout.lag = now.monotonic - waiting->since;
  timeout.detail = detail();
  said_ = timeout.head;
  outcomes->push_back(std::move(timeout));
}

}  // namespace dcp::checker
