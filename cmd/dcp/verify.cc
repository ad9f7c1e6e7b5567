#include "cmd/dcp/verify.h"

#include <unistd.h>

#include <functional>
#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/signal_watch.h"
#include "cmd/dcp/verify_key.h"
#include "cmd/dcp/verify_report.h"

namespace dcp::cmd {
namespace {

verifier::SyncKind ToSyncKind(config::Sync sync) {
  switch (sync) {
    case config::Sync::kAuto:
      return verifier::SyncKind::kAuto;
    case config::Sync::kBarrier:
      return verifier::SyncKind::kBarrier;
    case config::Sync::kGtid:
      return verifier::SyncKind::kGtid;
    case config::Sync::kNone:
      return verifier::SyncKind::kNone;
  }
  return verifier::SyncKind::kAuto;
}

// A wrong setting, or a server that cannot be had at the start, is not an error while working.
int StatusOfError(const absl::Status& status, bool started) {
  std::cerr << "dcp: error: " << status.message() << "\n";
  return started ? int{kVerifyError} : int{kExitConfig};
}

int Explain(const verifier::VerificationOptions& options) {
  const auto lines = verifier::ExplainVerification(options);
  if (!lines.ok()) return StatusOfError(lines.status(), /*started=*/false);
  for (const std::string& line : *lines) std::cout << line << "\n";
  std::cout << std::flush;
  return kVerifyEqual;
}

// Notes whether the work has begun.
class StartedReport final : public verifier::VerificationEvents {
 public:
  explicit StartedReport(VerifyReport& report) : report_(report) {}
  bool started() const { return started_; }

  void OnStart(const std::vector<verifier::TableTask>& tables, const std::string& sync) override {
    started_ = true;
    report_.OnStart(tables, sync);
  }
  void OnWarning(const std::string& text) override { report_.OnWarning(text); }
  void OnNote(const std::string& text) override { report_.OnNote(text); }
  void OnRows(const std::string& table, uint64_t rows) override { report_.OnRows(table, rows); }
  void OnDifference(const verifier::Difference& difference) override {
    report_.OnDifference(difference);
  }
  void OnTable(const verifier::TableResult& result) override { report_.OnTable(result); }

 private:
  VerifyReport& report_;
  bool started_ = false;
};

}  // namespace

const config::JobOptions* FindJob(const config::Config& config, const std::string& name) {
  for (const config::JobOptions& job : config.jobs) {
    if (job.name == name) return &job;
  }
  std::string names;
  for (const config::JobOptions& job : config.jobs) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", job.name);
  }
  std::cerr << "dcp: error: there is no [[job]] '" << name << "'; there is " << names << "\n";
  return nullptr;
}

verifier::VerificationOptions ToVerificationOptions(const config::JobOptions& job) {
  verifier::VerificationOptions options;
  options.source = job.source;
  options.target = job.target;
  for (const config::TableRule& rule : job.tables) {
    verifier::JobTableRule& table = options.tables.emplace_back();
    table.rule = {rule.match, rule.as, rule.ignore_columns};
    table.where = rule.where;
    table.target_where = rule.target_where;
    for (const auto& [source, target] : rule.columns) table.columns.push_back({source, target});
  }
  options.bytes = job.compare == config::JobCompare::kBytes;
  options.sync.kind = ToSyncKind(job.sync);
  options.sync.timeout = job.sync_timeout;
  options.sync.barrier_id = job.barrier_id;
  options.scan.chunk.target = job.chunk_time;
  options.scan.chunk.max = job.chunk_rows;
  options.unpaged_rows = job.unpaged_rows;
  options.parallel = job.parallel;
  options.load.threads_running = job.max_threads_running;
  options.load.rows_per_second = job.max_rows_per_second;
  return options;
}

namespace {

void Narrow(const std::string& condition, std::string* where) {
  *where = where->empty() ? condition : absl::StrCat("(", *where, ") AND (", condition, ")");
}

// nullopt: said on standard error.
std::optional<verifier::VerificationOptions> OptionsOfJob(const VerifyCommand& command) {
  const auto config = LoadConfig(command.config, std::cerr, config::Purpose::kVerify);
  if (!config.has_value()) return std::nullopt;
  const config::JobOptions* const job = FindJob(*config, command.job);
  if (job == nullptr) return std::nullopt;
  verifier::VerificationOptions options = ToVerificationOptions(*job);
  options.checkpoint = command.checkpoint;
  if (command.where.empty()) return options;
  for (verifier::JobTableRule& rule : options.tables) {
    Narrow(command.where, &rule.where);
    if (!rule.target_where.empty()) Narrow(command.where, &rule.target_where);
  }
  return options;
}

std::optional<verifier::VerificationOptions> OptionsOfCheck(const VerifyCommand& command) {
  const auto config = LoadConfig(command.config, std::cerr);
  if (!config.has_value()) return std::nullopt;
  absl::StatusOr<verifier::VerificationOptions> options = OptionsOfKey(*config, command);
  if (options.ok()) return *std::move(options);
  StatusOfError(options.status(), /*started=*/false);
  return std::nullopt;
}

}  // namespace

int Verify(const VerifyCommand& command, StopSignal& stop) {
  const std::optional<verifier::VerificationOptions> asked =
      command.check.empty() ? OptionsOfJob(command) : OptionsOfCheck(command);
  if (!asked.has_value()) return kExitConfig;
  const verifier::VerificationOptions& options = *asked;
  if (command.explain) return Explain(options);

  const Clock& clock = Clock::Real();
  SignalWatch watch(stop, clock);
  const auto pause = [&watch](absl::Duration time) { return watch.Pause(time); };
  VerifyReport report({command.json, isatty(STDERR_FILENO) == 1}, std::cout, std::cerr, clock);
  StartedReport started(report);
  const absl::Status status = command.schema_only
                                  ? verifier::CompareJobSchemas(options, started)
                                  : verifier::RunVerification(options, clock, pause, started);
  if (started.started()) report.Finish();
  if (!status.ok()) return report.status() | StatusOfError(status, started.started());
  return report.status();
}

}  // namespace dcp::cmd
