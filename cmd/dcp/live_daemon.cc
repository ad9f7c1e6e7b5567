#include "cmd/dcp/live_daemon.h"

#include <chrono>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "cmd/dcp/check_config.h"
#include "cmd/dcp/config_changes.h"
#include "cmd/dcp/core_files.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/reset.h"
#include "state/state_store.h"

namespace dcp::cmd {
namespace {

// What was written for people, a line each, into the log.
void LogLines(const std::ostringstream& messages) {
  for (absl::string_view line : absl::StrSplit(messages.str(), '\n', absl::SkipEmpty())) {
    LogWarning(absl::StrCat("reload: ", line));
  }
}

absl::Status CheckTls(const config::Config& config) {
  std::vector<std::optional<server::TlsFiles>> all;
  for (const auto& collector : config.grpc_collectors) all.push_back(ToTlsFiles(collector.tls));
  if (config.http) all.push_back(ToTlsFiles(config.http->tls));
  if (config.control) all.push_back(ToTlsFiles(config.control->tls));
  for (const auto& files : all) {
    if (files) DCP_RETURN_IF_ERROR(server::MakeTlsContext(*files).status());
  }
  return absl::OkStatus();
}

absl::Status CheckNoFiles(const config::Config& config) {
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    if (collector.files.empty()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("collector '", collector.name, "' reads files, which is for --until-end"));
  }
  return absl::OkStatus();
}

}  // namespace

LiveDaemon::LiveDaemon(std::string path, config::Config config, Inspection inspection,
                       const Clock& clock)
    : path_(std::move(path)),
      clock_(clock),
      started_(clock.Now()),
      config_(std::move(config)),
      inspection_(std::move(inspection)),
      watches_{FileWatch(path_)} {
  Remember(config_);
}

LiveDaemon::~LiveDaemon() {
  if (prepare_.valid()) prepare_.wait();
}

absl::Status LiveDaemon::Start() {
  DCP_RETURN_IF_ERROR(listeners_.OpenAll(config_));
  return Begin(config_, inspection_);
}

void LiveDaemon::Stop(absl::Duration limit) {
  listeners_.CloseAll();
  if (daemon_) daemon_->Stop(limit);
}

DaemonHost LiveDaemon::MakeHost() {
  DaemonHost host;
  host.listeners = &listeners_;
  host.reset = [this](const std::string& check) { return RequestReset(check); };
  host.reloads = [this] { return reloads(); };
  host.started = started_;
  return host;
}

absl::Status LiveDaemon::Begin(const config::Config& config, const Inspection& inspection) {
  DCP_ASSIGN_OR_RETURN(daemon_, Daemon::Create(config, inspection, clock_, {}, MakeHost()));
  const absl::Status started = daemon_->Start();
  if (!started.ok()) daemon_ = nullptr;
  return started;
}

absl::Status LiveDaemon::RequestReset(const std::string& check) {
  MutexLock lock(mu_);
  if (!checks_.contains(check)) {
    return absl::NotFoundError(absl::StrCat("there is no check \"", check,
                                            "\"; there are: ", absl::StrJoin(checks_, ", ")));
  }
  resets_.insert(check);
  return absl::OkStatus();
}

std::set<std::string> LiveDaemon::TakeResets() {
  MutexLock lock(mu_);
  return std::exchange(resets_, {});
}

model::ReloadActivity LiveDaemon::reloads() const {
  MutexLock lock(mu_);
  return reloads_;
}

void LiveDaemon::Succeeded() {
  MutexLock lock(mu_);
  ++reloads_.done;
  reloads_.last_done = clock_.Now();
  reloads_.last_error.clear();
}

void LiveDaemon::Failed(const absl::Status& why) {
  LogError(absl::StrCat("reload: the new configuration is not used, dcp goes on with the old one: ",
                        absl::string_view(why.message())));
  MutexLock lock(mu_);
  ++reloads_.failed;
  reloads_.last_error = std::string(why.message());
}

void LiveDaemon::Remember(config::Config config) {
  std::set<std::string> checks;
  for (const config::CheckOptions& check : config.checks) checks.insert(check.name);
  config_ = std::move(config);
  watches_.resize(1, FileWatch(path_));
  if (config_.http && config_.http->tls) {
    const config::ServerTls& tls = *config_.http->tls;
    for (const std::string& file : {tls.cert, tls.key, tls.client_ca}) {
      if (!file.empty()) watches_.emplace_back(file);
    }
  }
  MutexLock lock(mu_);
  checks_ = std::move(checks);
}

absl::Status LiveDaemon::Turn(bool asked) {
  for (FileWatch& watch : watches_) {
    if (watch.Changed(clock_.Monotonic())) reload_again_ = true;
  }
  reload_again_ |= asked;
  if (!prepare_.valid() && std::exchange(reload_again_, false)) BeginReload();
  if (prepare_.valid() && prepare_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    DCP_RETURN_IF_ERROR(FinishReload());
  }
  const std::set<std::string> resets = TakeResets();
  if (resets.empty()) return absl::OkStatus();
  LogWarning(absl::StrCat("reset: beginning anew: ", absl::StrJoin(resets, ", ")));
  return Rebuild({config_, inspection_}, resets);
}

// Servers take their time to answer: not on the thread that waits for signals.
void LiveDaemon::BeginReload() {
  LogInfo(absl::StrCat("reload: reading ", path_));
  prepare_ = std::async(
      std::launch::async,
      [path = path_, before = config_, inspection = inspection_]() -> absl::StatusOr<Prepared> {
        std::ostringstream messages;
        const std::optional<config::Config> config = LoadConfig(path, messages);
        LogLines(messages);
        if (!config) return absl::InvalidArgumentError("it has errors");
        const ConfigChanges changes = Compare(before, *config);
        if (!changes.fixed.empty()) {
          return absl::FailedPreconditionError(
              absl::StrCat(absl::StrJoin(changes.fixed, " and "),
                           " cannot be changed while dcp runs: restart it to use the file"));
        }
        if (!changes.any() || changes.only_log) return Prepared{*config, inspection};
        DCP_RETURN_IF_ERROR(CheckNoFiles(*config));
        DCP_RETURN_IF_ERROR(CheckTls(*config));
        std::ostringstream faults;
        std::optional<Inspection> inspected = InspectServers(*config, faults);
        LogLines(faults);
        if (!inspected) return absl::FailedPreconditionError("the servers do not allow it");
        return Prepared{*config, *std::move(inspected)};
      });
}

absl::Status LiveDaemon::FinishReload() {
  absl::StatusOr<Prepared> next = prepare_.get();
  absl::Status status = next.status();
  if (status.ok()) status = listeners_.OpenAll(next->config);
  if (status.ok()) return Apply(*std::move(next));
  listeners_.CloseAllBut(config_);
  Failed(status);
  return absl::OkStatus();
}

absl::Status LiveDaemon::Apply(Prepared next) {
  const ConfigChanges changes = Compare(config_, next.config);
  SetLogLevel(next.config.log.level);
  SetLogFormat(next.config.log.format);
  if (!next.config.masks.empty()) WriteNoCoreFiles();
  ReadTlsAgain();
  if (!changes.any() || changes.only_log) {
    LogInfo(changes.any() ? "reload: done: [log]" : "reload: nothing was changed");
    Remember(std::move(next.config));
    Succeeded();
    return absl::OkStatus();
  }
  LogInfo(absl::StrCat("reload: changed: ", absl::StrJoin(changes.sections, ", ")));
  return Rebuild(std::move(next), {});
}

void LiveDaemon::ReadTlsAgain() {
  const absl::Status status = daemon_->ReadTlsAgain();
  if (!status.ok()) {
    LogError(absl::StrCat("reload: the old certificates stay in use: ",
                          absl::string_view(status.message())));
  }
}

absl::Status LiveDaemon::BeginAnew(const Prepared& next, const std::set<std::string>& resets) {
  if (!resets.empty()) {
    state::StateStore::Options options;
    options.dir = next.config.state.dir;
    DCP_ASSIGN_OR_RETURN(const auto state, state::StateStore::Open(std::move(options)));
    DCP_RETURN_IF_ERROR(ForgetRuns(next.config, resets, clock_.Now(), *state));
  }
  return Begin(next.config, next.inspection);
}

absl::Status LiveDaemon::Rebuild(Prepared next, const std::set<std::string>& resets) {
  daemon_->Stop(kDrain);
  const absl::Status failure = daemon_->failure();
  daemon_ = nullptr;
  DCP_RETURN_IF_ERROR(failure);
  const absl::Status begun = BeginAnew(next, resets);
  if (begun.ok()) {
    const bool reloaded = resets.empty();
    Remember(std::move(next.config));
    inspection_ = std::move(next.inspection);
    listeners_.CloseAllBut(config_);
    LogInfo(reloaded ? "reload: done" : "reset: done");
    if (reloaded) Succeeded();
    return absl::OkStatus();
  }
  if (resets.empty()) {
    Failed(begun);
  } else {
    LogError(absl::StrCat("reset: not done: ", absl::string_view(begun.message())));
  }
  SetLogLevel(config_.log.level);
  SetLogFormat(config_.log.format);
  listeners_.CloseAllBut(config_);
  return Begin(config_, inspection_);
}

}  // namespace dcp::cmd
