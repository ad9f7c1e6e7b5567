#include "cmd/dcp/daemon_host.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

struct Listening {
  std::string section;
  config::Endpoint endpoint;
};

std::vector<Listening> AllOf(const config::Config& config) {
  std::vector<Listening> all;
  for (const config::GrpcCollectorOptions& collector : config.grpc_collectors) {
    all.push_back({absl::StrCat("collector '", collector.name, "'"), collector.listen});
  }
  if (config.http) all.push_back({"[http]", config.http->listen});
  if (config.control) all.push_back({"[control]", config.control->listen});
  return all;
}

// Port 0 is another one for each section.
std::string KeyOf(const std::string& section, const config::Endpoint& endpoint) {
  const std::string address = AddressOf(endpoint);
  return endpoint.port == 0 ? absl::StrCat(address, " ", section) : address;
}

}  // namespace

std::string AddressOf(const config::Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos && endpoint.host.front() != '[';
  return absl::StrCat(v6 ? "[" : "", endpoint.host, v6 ? "]" : "", ":", endpoint.port);
}

std::optional<server::TlsFiles> ToTlsFiles(const std::optional<config::ServerTls>& tls) {
  if (!tls) return std::nullopt;
  return server::TlsFiles{tls->cert, tls->key, tls->client_ca};
}

absl::StatusOr<std::shared_ptr<const Listeners>> OpenListeners::At(
    const std::string& section, const config::Endpoint& endpoint) {
  const std::string key = KeyOf(section, endpoint);
  const auto it = open_.find(key);
  if (it != open_.end()) return it->second;
  DCP_ASSIGN_OR_RETURN(auto opened, Listeners::Open(AddressOf(endpoint)));
  open_.emplace(key, opened);
  return opened;
}

absl::Status OpenListeners::OpenAll(const config::Config& config) {
  for (const Listening& one : AllOf(config)) {
    const absl::Status status = At(one.section, one.endpoint).status();
    if (!status.ok()) {
      return Annotate(absl::FailedPreconditionError(absl::StrCat(
                          absl::string_view(status.message()),
                          ": the port is in use (by another dcp?), or the address is not one of "
                          "this machine, or not allowed to this user; see `listen`")),
                      one.section);
    }
  }
  return absl::OkStatus();
}

void OpenListeners::CloseAllBut(const config::Config& config) {
  std::map<std::string, std::shared_ptr<const Listeners>> kept;
  for (const Listening& one : AllOf(config)) {
    const auto it = open_.find(KeyOf(one.section, one.endpoint));
    if (it != open_.end()) kept.insert(*it);
  }
  open_ = std::move(kept);
}

}  // namespace dcp::cmd
