#include "cmd/dcp/repair.h"

#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/repair_printer.h"
#include "cmd/dcp/signal_watch.h"
#include "cmd/dcp/verify.h"
#include "cmd/dcp/verify_report.h"
#include "verifier/repair.h"

namespace dcp::cmd {
namespace {

using verifier::RepairReport;

absl::StatusOr<RepairReport> ReadReportFile(const std::string& path) {
  if (path == "-") return verifier::ReadReport(std::cin);
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read the report ", path));
  absl::StatusOr<RepairReport> report = verifier::ReadReport(file);
  if (report.ok()) return report;
  return absl::InvalidArgumentError(
      absl::StrCat("report ", path, ": ", std::string(report.status().message())));
}

std::string RunName(const Clock& clock) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", clock.Now(), absl::UTCTimeZone());
}

verifier::RepairOptions ToRepairOptions(const RepairCommand& command, const config::JobOptions& job,
                                        const std::string& run) {
  verifier::RepairOptions options;
  options.verification = ToVerificationOptions(job);
  options.execute = command.execute;
  options.binlog = !command.no_binlog;
  options.per_second = command.rate;
  options.run = run;
  options.undo_path =
      command.undo.empty() ? absl::StrCat("dcp-repair-", run, ".undo.sql") : command.undo;
  return options;
}

int Fail(const absl::Status& status, int exit_status) {
  std::cerr << "dcp: error: " << status.message() << "\n";
  return exit_status;
}

// The bits of a verification that concern its repair: differences are what it is for.
constexpr int kPassedOn = kVerifyUndecided | kVerifySkipped;

}  // namespace

int Repair(const RepairCommand& command, StopSignal& stop) {
  const auto config = LoadConfig(command.config, std::cerr, config::Purpose::kVerify);
  if (!config.has_value()) return kExitConfig;
  const config::JobOptions* const job = FindJob(*config, command.job);
  if (job == nullptr) return kExitConfig;

  const Clock& clock = Clock::Real();
  SignalWatch watch(stop, clock);
  const auto pause = [&watch](absl::Duration time) { return watch.Pause(time); };
  const verifier::RepairOptions options = ToRepairOptions(command, *job, RunName(clock));
  int status = kVerifyEqual;
  absl::StatusOr<RepairReport> report;
  if (command.report.empty()) {
    std::ostream nowhere(nullptr);
    VerifyReport verified({/*json=*/true, /*terminal=*/false}, nowhere, std::cerr, clock);
    report = verifier::VerifyForRepair(options.verification, clock, pause, verified);
    status = verified.status() & kPassedOn;
  } else {
    report = ReadReportFile(command.report);
  }
  if (!report.ok()) return Fail(report.status(), kExitConfig);

  RepairPrinter printer({command.json, command.execute, options.run}, std::cout, std::cerr);
  const absl::Status repaired = verifier::RunRepair(options, *report, clock, pause, printer);
  printer.Finish();
  if (command.execute && printer.started()) {
    std::cerr << "dcp: the way back is in " << options.undo_path << "\n";
  }
  status |= printer.status();
  if (repaired.ok()) return status;
  return Fail(repaired, printer.started() ? status | kVerifyError : int{kExitConfig});
}

}  // namespace dcp::cmd
