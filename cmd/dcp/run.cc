#include "cmd/dcp/run.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/run_in_turns.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kFailureEvery = absl::Seconds(1);
constexpr uint64_t kStatusEvery = 60;  // of these

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

// A core file has all that is in memory, and so what is masked.
void WriteNoCoreFiles() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);  // nor one that a program takes in place of a file
}

int TellFailure(const Daemon& daemon) {
  daemon.LogFailure();
  return kExitError;
}

// Until it is to stop; false: it cannot go on.
bool Watch(const Daemon& daemon, StopSignal& stop) {
  for (uint64_t n = 1; !stop.Wait(kFailureEvery); ++n) {
    if (!daemon.failure().ok()) return false;
    if (n % kStatusEvery == 0) daemon.LogStatus();
  }
  return daemon.failure().ok();
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
  if (!config->masks.empty()) WriteNoCoreFiles();
  const std::optional<Inspection> inspection = InspectServers(*config, std::cerr);
  if (!inspection) return kExitConfig;
  if (config->ha) return RunInTurns(*config, *inspection, stop);
  auto daemon = Daemon::Create(*config, *inspection, Clock::Real());
  absl::Status status = daemon.status();
  if (status.ok()) status = (*daemon)->Start();
  if (!status.ok()) {
    std::cerr << "dcp: error: " << status.message() << "\n";
    return kExitConfig;
  }
  LogInfo("ready");
  if (command.until_end) return RunToTheEnd(**daemon, stop);
  const bool works = Watch(**daemon, stop);
  LogInfo("stopping");
  (*daemon)->LogStatus();
  (*daemon)->Stop(kDrain);
  if (!works) return TellFailure(**daemon);
  LogInfo("stopped");
  return kExitOk;
}

}  // namespace dcp::cmd
