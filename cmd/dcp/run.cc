#include "cmd/dcp/run.h"

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/core_files.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/live_daemon.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/run_in_turns.h"
#include "cmd/dcp/service_manager.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kTurnEvery = absl::Milliseconds(250);
constexpr absl::Duration kStatusEvery = absl::Minutes(1);

constexpr absl::Duration kEndEvery = absl::Milliseconds(50);

// Empty, or why this configuration does not fit the command.
std::string CheckUntilEnd(const config::Config& config, bool until_end) {
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    const bool files = !collector.files.empty();
    if (files == until_end) continue;
    return files ? absl::StrCat("collector '", collector.name,
                                "' reads files, which end: say dcp run --until-end")
                 : absl::StrCat("--until-end is of files, but collector '", collector.name,
                                "' reads a server, which has no end");
  }
  if (!until_end) return "";
  if (!config.grpc_collectors.empty()) {
    return absl::StrCat("--until-end is of files, but collector '", config.grpc_collectors[0].name,
                        "' waits for clients");
  }
  if (!config.barriers.empty()) {
    return "--until-end reads files and writes nothing: leave out [barrier]";
  }
  if (config.checks.empty()) return "--until-end needs a [[check]]";
  return "";
}

int TellRefusal(const absl::Status& status) {
  std::cerr << "dcp: error: " << status.message() << "\n";
  return kExitConfig;
}

int TellFailure(const Daemon& daemon) {
  daemon.LogFailure();
  return kExitError;
}

// Until it is to stop; not OK: it cannot go on.
absl::Status Watch(LiveDaemon& live, StopSignal& stop) {
  const Clock& clock = Clock::Real();
  absl::Duration say_at = clock.Monotonic() + kStatusEvery;
  while (!stop.Wait(kTurnEvery)) {
    DCP_RETURN_IF_ERROR(live.daemon().failure());
    DCP_RETURN_IF_ERROR(live.Turn(stop.TakeReload()));
    if (clock.Monotonic() < say_at) continue;
    live.daemon().LogStatus();
    say_at += kStatusEvery;
  }
  return live.daemon().failure();
}

int RunToTheEnd(Daemon& daemon, StopSignal& stop) {
  bool ended = false;
  while (!(ended = daemon.AllEnded()) && !stop.Wait(kEndEvery) && daemon.failure().ok()) {
  }
  daemon.Stop(kDrain);
  if (!daemon.failure().ok()) return TellFailure(daemon);
  if (!ended) {
    LogWarning("stopped before the end of the files");
    return kExitError;
  }
  const Closing closing = daemon.Close();
  for (const Closing::Line& line : closing.lines) {
    line.good ? LogInfo(line.text) : LogWarning(line.text);
  }
  return closing.exit_code;
}

int RunFiles(const config::Config& config, const Inspection& inspection, StopSignal& stop) {
  auto daemon = Daemon::Create(config, inspection, Clock::Real());
  absl::Status status = daemon.status();
  if (status.ok()) status = (*daemon)->Start();
  if (!status.ok()) return TellRefusal(status);
  SayReady();
  return RunToTheEnd(**daemon, stop);
}

int RunLive(const std::string& path, const config::Config& config, const Inspection& inspection,
            StopSignal& stop) {
  LiveDaemon live(path, config, inspection, Clock::Real());
  const absl::Status started = live.Start();
  if (!started.ok()) return TellRefusal(started);
  stop.TakeUpReloads();
  SayReady();
  const absl::Status works = Watch(live, stop);
  if (!live.running()) {
    LogError(absl::StrCat("dcp cannot go on: ", absl::string_view(works.message())));
    return kExitError;
  }
  SayStopping();
  live.daemon().LogStatus();
  live.Stop(kDrain);
  if (!works.ok()) return TellFailure(live.daemon());
  LogInfo("stopped");
  return kExitOk;
}

}  // namespace

int Run(const RunCommand& command, StopSignal& stop) {
  const std::optional<config::Config> config = LoadConfig(command.config, std::cerr);
  if (!config) return kExitConfig;
  const std::string unfit = CheckUntilEnd(*config, command.until_end);
  if (!unfit.empty()) {
    std::cerr << "dcp: error: " << unfit << "\n";
    return kExitUsage;
  }
  InitLog();
  SetLogLevel(config->log.level);
  SetLogFormat(config->log.format);
  if (!config->masks.empty()) WriteNoCoreFiles();
  const std::optional<Inspection> inspection = InspectServers(*config, std::cerr);
  if (!inspection) return kExitConfig;
  if (config->ha) return RunInTurns(*config, *inspection, stop);
  if (command.until_end) return RunFiles(*config, *inspection, stop);
  return RunLive(command.config, *config, *inspection, stop);
}

}  // namespace dcp::cmd
