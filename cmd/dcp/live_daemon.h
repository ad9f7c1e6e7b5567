// LiveDaemon: a Daemon whose configuration may change, and whose checks may be told to begin anew,
// while the process goes on.
//
// Both are done as a restart is: the daemon stops in order, and another one goes on from what is
// stored (docs/semantics.md, section 7), so that no verdict is lost or said twice. What listens
// stays open meanwhile. A new configuration is read, and the servers are asked, before the old
// daemon stops; where it cannot be carried out, dcp goes on with the old one.
//
// For one thread, but RequestReset() and reloads(), which are for any.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "cmd/dcp/daemon.h"
#include "cmd/dcp/daemon_host.h"
#include "cmd/dcp/file_watch.h"
#include "cmd/dcp/inspect.h"
#include "config/config.h"

namespace dcp::cmd {

class LiveDaemon {
 public:
  // `path`: of the configuration file that `config` is from.
  LiveDaemon(std::string path, config::Config config, Inspection inspection, const Clock& clock);
  ~LiveDaemon();
  LiveDaemon(const LiveDaemon&) = delete;
  LiveDaemon& operator=(const LiveDaemon&) = delete;

  //   as of Daemon::Create and Daemon::Start
  absl::Status Start();

  // Does what is due: a new configuration where `asked` or the file was changed, and resets.
  // Returns soon where nothing is, and with the old daemon running where it could not be done.
  // Not OK: neither configuration can be carried out any more; no daemon runs.
  absl::Status Turn(bool asked);

  // The next Turn() does it. kNotFound: there is no such check.
  absl::Status RequestReset(const std::string& check) ABSL_LOCKS_EXCLUDED(mu_);

  model::ReloadActivity reloads() const ABSL_LOCKS_EXCLUDED(mu_);

  // False after a Turn() that was not OK.
  bool running() const { return daemon_ != nullptr; }
  // REQUIRES: running()
  Daemon& daemon() { return *daemon_; }

  void Stop(absl::Duration limit);

 private:
  // A configuration that has proved fit to be carried out, as far as that can be told before.
  struct Prepared {
    config::Config config;
    Inspection inspection;
  };

  DaemonHost MakeHost();
  absl::Status Begin(const config::Config& config, const Inspection& inspection);
  absl::Status Rebuild(Prepared next, const std::set<std::string>& resets);
  absl::Status BeginAnew(const Prepared& next, const std::set<std::string>& resets);
  void BeginReload();
  absl::Status FinishReload();
  absl::Status Apply(Prepared next);
  void ReadTlsAgain();
  std::set<std::string> TakeResets() ABSL_LOCKS_EXCLUDED(mu_);
  void Succeeded() ABSL_LOCKS_EXCLUDED(mu_);
  void Failed(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mu_);
  void Remember(config::Config config) ABSL_LOCKS_EXCLUDED(mu_);

  const std::string path_;
  const Clock& clock_;
  const absl::Time started_;
  OpenListeners listeners_;
  config::Config config_;
  Inspection inspection_;
  std::vector<FileWatch> watches_;                 // of the file, and of certificates
  bool reload_again_ = false;                      // asked for while one was under way
  std::future<absl::StatusOr<Prepared>> prepare_;  // valid: a reload is under way
  std::unique_ptr<Daemon> daemon_;

  mutable Mutex mu_;
  std::set<std::string> checks_ ABSL_GUARDED_BY(mu_);  // of config_
  std::set<std::string> resets_ ABSL_GUARDED_BY(mu_);
  model::ReloadActivity reloads_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::cmd
