#include "cmd/dcp/handover_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "barrier/lease_rows.h"
#include "cmd/dcp/handover.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr absl::Duration kSayWaiting = absl::Minutes(1);
// Between two, in intervals of barriers.
constexpr int kIntervals = 5;
// What they may add to the binlog, on average, counted once.
constexpr double kBytesPerSecond = 32 << 10;

bool HasRun(const std::vector<HandedPair>& pairs) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [](const HandedPair& pair) { return pair.stored.state.run.has_value(); });
}

}  // namespace

HandoverWriter::HandoverWriter(Options options, const config::Config& config,
                               state::StateStore& state, barrier::Leader& leader,
                               const Clock& clock)
    : options_(std::move(options)),
      config_(config),
      state_(state),
      leader_(leader),
      clock_(clock) {}

void HandoverWriter::Start() {
  thread_ = std::thread([this] { Run(); });
}

void HandoverWriter::Stop() {
  stopper_.Stop();
  if (thread_.joinable()) thread_.join();
}

void HandoverWriter::Warn(const std::string& text) {
  if (text != warned_) options_.warn(text);
  warned_ = text;
}

std::optional<HandoverWriter::Made> HandoverWriter::Make() {
  const auto pairs = CollectPairs(config_, state_);
  if (!pairs.ok()) {
    Warn(
        absl::StrCat("what a standby would go on from is not renewed: ", pairs.status().message()));
    return std::nullopt;
  }
  // What was said up to here, and perhaps more.
  Made made{ToHandover(*pairs), HasRun(*pairs), state_.NewestWaiting()};
  if (made.bytes.size() <= barrier::kMaxHandoverBytes) return made;
  Warn(
      absl::StrCat("what a standby would go on from is not renewed: with all open findings it has ",
                   made.bytes.size(), " bytes, more than ", barrier::kMaxHandoverBytes,
                   "; it goes on from an older one, and reads the binlogs from there"));
  return std::nullopt;
}

bool HandoverWriter::AwaitDelivered(uint64_t newest_alarm) {
  const absl::Duration since = clock_.Monotonic();
  while (newest_alarm != 0 && state_.Waits(newest_alarm)) {
    const absl::Duration waited = clock_.Monotonic() - since;
    if (waited >= options_.patience) return true;
    if (waited >= kSayWaiting) {
      Warn(
          "an alarm sink takes nothing: what a standby would go on from stays as it was meanwhile");
    }
    if (!stopper_.Pause(kLook, clock_)) return false;
  }
  return true;
}

bool HandoverWriter::AwaitStored(uint64_t before) {
  while (leader_.stored() == before && leader_.Holds(options_.epoch)) {
    if (!stopper_.Pause(kLook, clock_)) return false;
  }
  return leader_.Holds(options_.epoch);
}

absl::Duration HandoverWriter::Period(const Made& made) const {
  return std::max(kIntervals * options_.interval,
                  absl::Seconds(static_cast<double>(made.bytes.size()) / kBytesPerSecond));
}

void HandoverWriter::Run() {
  absl::Duration pause = options_.interval / 2;  // until there is something to go on from
  while (stopper_.Pause(pause, clock_)) {
    const std::optional<Made> made = Make();
    if (!made || !made->has_run) continue;
    if (!AwaitDelivered(made->newest_alarm)) return;
    const uint64_t before = leader_.stored();
    leader_.Offer(options_.epoch, made->bytes);
    if (!AwaitStored(before)) return;
    warned_.clear();
    pause = Period(*made);
  }
}

void HandoverWriter::Finish() {
  std::optional<Made> made = Make();
  if (!made || (made->newest_alarm != 0 && state_.Waits(made->newest_alarm))) return;
  leader_.Offer(options_.epoch, std::move(made->bytes));
}

}  // namespace dcp::cmd
