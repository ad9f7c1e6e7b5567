#include "cmd/dcp/run.h"

#include <iostream>
#include <memory>

#include "base/clock.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/log.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kStatusEvery = absl::Minutes(1);
constexpr absl::Duration kDrain = absl::Seconds(10);

void LogStatus(const Daemon& daemon) {
  for (const std::string& line : daemon.StatusLines()) LogInfo(line);
}

}  // namespace

int Run(const RunCommand& command, StopSignal& stop) {
  const std::optional<config::Config> config = LoadConfig(command.config, std::cerr);
  if (!config) return kExitConfig;
  InitLog();
  const std::optional<Inspection> inspection = InspectServers(*config, std::cerr);
  if (!inspection) return kExitConfig;
  auto daemon = Daemon::Create(*config, *inspection, Clock::Real());
  absl::Status status = daemon.status();
  if (status.ok()) status = (*daemon)->Start();
  if (!status.ok()) {
    std::cerr << "dcp: error: " << status.message() << "\n";
    return kExitConfig;
  }
  LogInfo("ready");
  while (!stop.Wait(kStatusEvery)) LogStatus(**daemon);
  LogInfo("stopping");
  LogStatus(**daemon);
  (*daemon)->Stop(kDrain);
  LogInfo("stopped");
  return kExitOk;
}

}  // namespace dcp::cmd
