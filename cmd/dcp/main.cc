// dcp: the program. One file per subcommand; see command_line.h.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

#include "base/clock.h"
#include "base/fault_point.h"
#include "cmd/dcp/ask.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/command_line.h"
#include "cmd/dcp/diffs.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/generate.h"
#include "cmd/dcp/grpc_log.h"
#include "cmd/dcp/push.h"
#include "cmd/dcp/read_binlog.h"
#include "cmd/dcp/repair.h"
#include "cmd/dcp/run.h"
#include "cmd/dcp/stop_signal.h"
#include "cmd/dcp/verify.h"

namespace {

// For tests of crashes: see base/fault_point.h.
bool ArmFromEnvironment() {
  const char* const point = std::getenv("DCP_FAULT_POINT");
  if (point == nullptr) return true;
  const absl::Status status = dcp::ArmFaultPoint(point);
  if (!status.ok()) std::cerr << "dcp: error: DCP_FAULT_POINT: " << status.message() << "\n";
  return status.ok();
}

// The exit status of a command that asks a running daemon.
std::optional<int> Ask(const dcp::cmd::Command& command) {
  using namespace dcp::cmd;  // NOLINT(google-build-using-namespace): as main's
  const Colours colours = Colours::OfStandardOutput();
  if (const auto* status = std::get_if<StatusCommand>(&command)) {
    return ShowStatus(*status, colours, std::cout, std::cerr);
  }
  if (const auto* watch = std::get_if<WatchCommand>(&command)) {
    return WatchAlarms(*watch, colours, std::cout, std::cerr);
  }
  if (const auto* wait = std::get_if<WaitCommand>(&command)) {
    return WaitForEquality(*wait, colours, std::cout, std::cerr);
  }
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace dcp::cmd;  // NOLINT(google-build-using-namespace): main's own words
  std::ios::sync_with_stdio(false);
  DropGrpcLog();
  if (!ArmFromEnvironment()) return kExitUsage;
  const ParsedCommandLine parsed = ParseCommandLine(argc, argv);
  if (!parsed.command) return parsed.exit_code;
  if (const auto* generate = std::get_if<GenerateCommand>(&*parsed.command)) {
    return Generate(*generate, std::cout);
  }
  if (const auto* push = std::get_if<PushCommand>(&*parsed.command)) return PushStdin(*push);
  if (const auto* binlog = std::get_if<BinlogCommand>(&*parsed.command)) {
    return ReadBinlog(*binlog);
  }
  if (const auto* check = std::get_if<CheckConfigCommand>(&*parsed.command)) {
    return CheckConfig(*check);
  }
  if (const auto* diffs = std::get_if<DiffsCommand>(&*parsed.command)) {
    return Diffs(*diffs, dcp::Clock::Real().Now(), std::cout, std::cerr);
  }
  if (const std::optional<int> exit_code = Ask(*parsed.command)) return *exit_code;
  StopSignal stop;
  if (const auto* verify = std::get_if<VerifyCommand>(&*parsed.command)) {
    return Verify(*verify, stop);
  }
  if (const auto* repair = std::get_if<RepairCommand>(&*parsed.command)) {
    return Repair(*repair, stop);
  }
  return Run(std::get<RunCommand>(*parsed.command), stop);
}
