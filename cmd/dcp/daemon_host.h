// What outlives a Daemon, where a process has one after the other: see live_daemon.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/listeners.h"
#include "config/config.h"
#include "model/daemon_status.h"
#include "server/endpoints.h"
#include "server/tls.h"

namespace dcp::cmd {

// OpenListeners: the sockets that listen, by address, open over changes of the configuration:
// clients that connect meanwhile wait a moment instead of being refused.
//
// Thread-confined.
class OpenListeners {
 public:
  // Those of a section at `endpoint`; opens them where they are not.
  //   as of Listeners::Open
  absl::StatusOr<std::shared_ptr<const Listeners>> At(const std::string& section,
                                                      const config::Endpoint& endpoint);
  // Opens all that `config` asks for.
  absl::Status OpenAll(const config::Config& config);
  void CloseAllBut(const config::Config& config);
  void CloseAll() { open_.clear(); }

 private:
  std::map<std::string, std::shared_ptr<const Listeners>> open_;  // by address; see KeyOf()
};

struct DaemonHost {
  OpenListeners* listeners = nullptr;  // null: each daemon opens its own
  server::Endpoints::Reset reset;      // null: it cannot
  std::function<model::ReloadActivity()> reloads;
  std::optional<absl::Time> started;  // of the process; nullopt: now
};

std::string AddressOf(const config::Endpoint& endpoint);  // "127.0.0.1:9090", "[::1]:9090"
std::optional<server::TlsFiles> ToTlsFiles(const std::optional<config::ServerTls>& tls);

}  // namespace dcp::cmd
