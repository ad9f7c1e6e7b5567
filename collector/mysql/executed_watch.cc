#include "collector/mysql/executed_watch.h"

#include <utility>

#include "mysql/binlog_place.h"

namespace dcp::collector {

void ExecutedWatch::Answered(ExecutedProbe::Answer answer, absl::Duration now) {
  const bool replica = !answer.executed.empty() && !answer.end.file.empty();
  next_ = now + (replica ? options_.interval : options_.rest);
  if (replica) answer_ = std::move(answer);
}

std::optional<model::GtidSet> ExecutedWatch::Reached(const model::BinlogPosition& place,
                                                     const model::GtidSet& shown) {
  if (!answer_.has_value() || !mysql::AtOrAfter(place, answer_->end)) return std::nullopt;
  model::GtidSet executed = answer_->executed.Executed();
  answer_.reset();
  model::GtidSet unsaid = executed;
  unsaid.Subtract(shown);
  unsaid.Subtract(said_);
  if (unsaid.empty()) return std::nullopt;
  said_.Add(executed);
  return executed;
}

void ExecutedWatch::Reset() {
  answer_.reset();
  said_ = model::GtidSet();
  next_ = absl::ZeroDuration();
  ask_until_ = absl::InfiniteDuration();
}

}  // namespace dcp::collector
