#include "barrier/leader_pulse.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::barrier {
namespace {

// A standby looks so often in an interval.
constexpr int kLooks = 4;

// Whoever is away for longer than half an interval may come too late.
Backoff::Options Reconnect(const PulseOptions& options) {
  Backoff::Options reconnect = options.reconnect;
  reconnect.cap = std::min(reconnect.cap, options.interval / 2);
  reconnect.first = std::min(reconnect.first, reconnect.cap);
  return reconnect;
}

}  // namespace

LeaderPulse::LeaderPulse(const PulseOptions& pulse, std::string name, const Clock* clock)
    : options_(pulse),
      holder_{pulse.id, std::move(name), pulse.interval},
      clock_(clock),
      barrier_(pulse),
      backoff_(Reconnect(pulse)),
      watch_(pulse.interval) {}

absl::Status LeaderPulse::Explain(const absl::Status& status) const {
  if (!absl::IsPermissionDenied(status)) return status;
  return absl::PermissionDeniedError(absl::StrCat(
      "the user may not do what [ha] needs (the server says: ", status.message(),
      "); run GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `drc`.* TO ", options_.user));
}

absl::Status LeaderPulse::Prepare(SqlExecutor* sql) const {
  DCP_RETURN_IF_ERROR(LimitSession(sql, options_.interval));
  DCP_RETURN_IF_ERROR(barrier_.Prepare(sql));
  return Explain(CreateLeaseTables(sql));
}

LeaderPulse::Step LeaderPulse::Failed(const absl::Status& status) {
  Step step;
  step.status = Explain(status);
  step.wake_at = clock_->Monotonic() + backoff_.Next();
  return step;
}

absl::Duration LeaderPulse::NoSession() {
  watch_.Lose();
  return clock_->Monotonic() + backoff_.Next();
}

LeaderPulse::Step LeaderPulse::Run(SqlExecutor* sql, const std::string* handover) {
  if (!active()) return Watch(sql);
  if (clock_->Monotonic() >= due_) return Write(sql, handover);
  Step step;
  step.wake_at = due_;
  return step;
}

void LeaderPulse::Begin(uint64_t epoch, absl::Duration asked_at) {
  epoch_ = epoch;
  valid_until_ = asked_at + LeaseTime(options_.interval);
  due_ = asked_at + options_.interval;
  backoff_.Reset();
}

void LeaderPulse::End() {
  floor_ = std::max(floor_, epoch_);
  epoch_ = 0;
  valid_until_ = -absl::InfiniteDuration();
  watch_.Lose();
}

void LeaderPulse::Outdone(uint64_t epoch) {
  floor_ = std::max(floor_, epoch);
  End();
}

LeaderPulse::Step LeaderPulse::Write(SqlExecutor* sql, const std::string* handover) {
  const absl::Duration asked_at = clock_->Monotonic();
  const auto write = WriteUnderLease(sql, holder_, epoch_, handover);
  if (!write.ok()) return Failed(write.status());
  Step step;
  if (!write->held) {
    End();
    step.lost = true;
    step.wake_at = clock_->Monotonic();
    return step;
  }
  Begin(epoch_, asked_at);
  last_offset_ = write->offset;
  step.wrote = true;
  step.handed = handover != nullptr;
  step.wake_at = due_;
  return step;
}

LeaderPulse::Step LeaderPulse::Watch(SqlExecutor* sql) {
  const absl::Duration asked_at = clock_->Monotonic();
  const auto row = ReadLease(sql, holder_.id);
  if (!row.ok()) {
    watch_.Lose();
    return Failed(row.status());
  }
  if (*row) floor_ = std::max(floor_, (*row)->epoch);
  watch_.See(*row, clock_->Monotonic());
  if (watch_.Free(asked_at)) return Take(sql);
  backoff_.Reset();
  Step step;
  step.wake_at = clock_->Monotonic() + options_.interval / kLooks;
  return step;
}

LeaderPulse::Step LeaderPulse::Take(SqlExecutor* sql) {
  const std::optional<LeaseRow> seen = watch_.row();
  const uint64_t epoch = std::max(seen ? seen->epoch : 0, floor_) + 1;
  const absl::Duration asked_at = clock_->Monotonic();
  auto write = TakeLease(sql, holder_, seen, epoch);
  if (!write.ok()) return Failed(write.status());
  Step step;
  if (!write->held) {  // it is another one's, by a moment
    watch_.Lose();
    step.wake_at = clock_->Monotonic();
    return step;
  }
  Begin(epoch, asked_at);
  last_offset_ = write->offset;
  step.wrote = step.took = true;
  step.previous = seen ? seen->epoch : 0;
  step.handover = std::move(write->handover);
  step.wake_at = due_;
  return step;
}

absl::Status LeaderPulse::GiveBack(SqlExecutor* sql, const std::string* handover) {
  if (!active()) return absl::OkStatus();
  const auto write = GiveLeaseBack(sql, holder_, epoch_, handover);
  End();
  return write.status();
}

}  // namespace dcp::barrier
