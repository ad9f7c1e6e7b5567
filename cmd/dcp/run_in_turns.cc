#include "cmd/dcp/run_in_turns.h"

#include <iostream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "barrier/barrier_writer.h"
#include "barrier/leader.h"
#include "base/clock.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/service_manager.h"
#include "cmd/dcp/sql_session.h"
#include "cmd/dcp/term.h"
#include "state/state_store.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr absl::Duration kStatusEvery = absl::Minutes(1);

using Writers = std::vector<std::unique_ptr<barrier::BarrierWriter>>;

std::unique_ptr<barrier::Leader> MakeLeader(const config::Config& config, const Clock& clock) {
  const config::BarrierOptions& barrier = config.barriers.front();
  return std::make_unique<barrier::Leader>(
      ToPulseOptions(barrier), config.ha->name, MakeSqlOpener(barrier.connection), &clock,
      [](absl::string_view text) { LogInfo(absl::StrCat("ha: ", text)); },
      [](absl::string_view text) { LogWarning(absl::StrCat("ha: ", text)); });
}

// Of the barrier rows but the first, which is the leader's own.
Writers StartOtherWriters(const config::Config& config, uint64_t epoch, barrier::Leader& leader,
                          const Clock& clock) {
  Writers writers;
  for (size_t i = 1; i < config.barriers.size(); ++i) {
    writers.push_back(MakeBarrierWriter(
        config.barriers[i], clock,
        barrier::PulseLease{epoch, config.ha->name,
                            [&leader](uint64_t other) { leader.Outdone(other); }}));
    writers.back()->Start();
  }
  return writers;
}

// What is wrong with the state directory is said now, not when it is needed.
absl::Status TryState(const config::Config& config) {
  state::StateStore::Options options;
  options.dir = config.state.dir;
  return state::StateStore::Open(std::move(options)).status();
}

// The servers as they are now; where they cannot be asked, as they were when this dcp started.
Inspection InspectAgain(const config::Config& config, const Inspection& before) {
  std::optional<Inspection> now = InspectServers(config, std::cerr);
  if (now) return *std::move(now);
  LogWarning("ha: going on with what the servers said when this dcp started");
  return before;
}

std::vector<barrier::BarrierStatus> StatusOf(const barrier::Leader& leader,
                                             const Writers& writers) {
  std::vector<barrier::BarrierStatus> all = {leader.status()};
  for (const auto& writer : writers) all.push_back(writer->status());
  return all;
}

// Until the term ends, or `stop`. False: a check cannot go on in this process. A status: the daemon
// cannot run here.
absl::StatusOr<bool> RunTerm(const config::Config& config, const Inspection& inspection,
                             barrier::Leader& leader, barrier::Leader::Term term,
                             StopSignal& stop) {
  const Clock& clock = Clock::Real();
  const uint64_t epoch = term.epoch;
  const Writers writers = StartOtherWriters(config, epoch, leader, clock);
  const auto statuses = [&] { return StatusOf(leader, writers); };
  auto daemon = Daemon::Create(config, InspectAgain(config, inspection), clock,
                               DaemonTerm{&leader, std::move(term), statuses});
  if (!daemon.ok()) return daemon.status();
  const absl::Status started = (*daemon)->Start();
  if (!started.ok()) return started;
  LogInfo("ha: checking");
  absl::Duration say_at = clock.Monotonic() + kStatusEvery;
  while (leader.Holds(epoch) && (*daemon)->failure().ok() && !stop.Wait(kLook)) {
    if (clock.Monotonic() < say_at) continue;
    (*daemon)->LogStatus();
    say_at += kStatusEvery;
  }
  const bool lost = !leader.Holds(epoch);
  if (lost) LogWarning("ha: another dcp is active: this one stops checking");
  (*daemon)->LogStatus();
  (*daemon)->Stop(lost ? absl::ZeroDuration() : kDrain);
  const bool works = (*daemon)->failure().ok();
  if (!works) (*daemon)->LogFailure();
  return works;
}

}  // namespace

int RunInTurns(const config::Config& config, const Inspection& inspection, StopSignal& stop) {
  const Clock& clock = Clock::Real();
  absl::Status status = TryState(config);
  const std::unique_ptr<barrier::Leader> leader = MakeLeader(config, clock);
  if (status.ok()) {
    leader->Start();
    SayReady();
  }
  bool works = true;
  while (status.ok() && works && !stop.Wait(kLook)) {
    std::optional<barrier::Leader::Term> term = leader->term();
    if (!term || !leader->Holds(term->epoch)) continue;
    const auto ended = RunTerm(config, inspection, *leader, *std::move(term), stop);
    status = ended.status();
    works = ended.value_or(true);
  }
  if (!status.ok()) std::cerr << "dcp: error: " << status.message() << "\n";
  SayStopping();
  leader->Stop();
  LogInfo("stopped");
  if (!status.ok()) return kExitConfig;
  return works ? kExitOk : kExitError;
}

}  // namespace dcp::cmd
