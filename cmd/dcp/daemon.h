// Daemon: the running parts, built from a Config and wired to each other.
//
//   collectors -> ChangeRouter -> CheckRunner (one per check) -> alarm::Dispatcher
//   barrier writer
//   HTTP server
//
// Start() and Stop() are called by one owner. Stop() drains: collectors end first,
// then what they have delivered is judged, then alarms are delivered.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cmd/dcp/closing.h"
#include "cmd/dcp/daemon_host.h"
#include "cmd/dcp/inspect.h"
#include "cmd/dcp/term.h"
#include "config/config.h"
#include "model/ports/status_source.h"

namespace dcp::cmd {

// How long a daemon that is asked to stop may take over what it has.
inline constexpr absl::Duration kDrain = absl::Seconds(10);

class Daemon final : public model::StatusSource {
 public:
  // `clock` outlives it. Starts nothing. `inspection`: what Inspect() told of the servers. `term`:
  // with [ha], where barriers are another's business. `host`: what outlives it.
  //   kInvalidArgument  the configuration cannot be carried out
  //   kUnavailable      an alarm file cannot be opened
  //   and what state::StateStore::Open() says
  //   kDataLoss         what Alertmanager was told before cannot be read
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(const config::Config& config,
                                                        const Inspection& inspection,
                                                        const Clock& clock,
                                                        std::optional<DaemonTerm> term = {},
                                                        DaemonHost host = {});
  ~Daemon() override;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  //   kFailedPrecondition  a gRPC collector or the HTTP server cannot listen
  absl::Status Start();

  // Within `limit`, as far as it can be kept. Idempotent.
  void Stop(absl::Duration limit);

  // True when every collector has read its files to their end (or cannot go on). Also tells the
  // checks, so that none waits for a stream that has ended. One thread at a time.
  bool AllEnded();
  // Of a run over files. REQUIRES: AllEnded() and Stop() were called
  Closing Close() const;

  // Not OK: a check cannot go on in this process. Another one, with the same state, can.
  absl::Status failure() const;
  // Says it in the log, and what to do. REQUIRES: there is one
  void LogFailure() const;

  // A line in the log per check and target, and per collector: what it is doing.
  void LogStatus() const;

  model::DaemonStatus Status() const override;

  // Certificates that changed are used from now on. Others stay where they cannot be read.
  absl::Status ReadTlsAgain();

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcp::cmd
