// ControlServer: the control service at an address of its own.
//
// Start() and Stop() are called by one owner.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/grpc/acceptor.h"

namespace dcp::cmd {

class ControlServer {
 public:
  struct Options {
    std::string listen = "127.0.0.1:9091";  // port 0: any free one, see port()
    // Not owned, outlive the server.
    std::vector<grpc::Service*> services;
    int max_message_bytes = 1 << 20;  // that it receives
    // An idle connection is probed after `keepalive_time` and closed when nothing comes for
    // `keepalive_timeout`: one that is half open goes.
    absl::Duration keepalive_time = absl::Seconds(30);
    absl::Duration keepalive_timeout = absl::Seconds(10);
    absl::Duration min_client_ping = absl::Seconds(5);
    std::function<void(absl::string_view)> log = [](absl::string_view) {};
  };

  //   kFailedPrecondition  it cannot listen there
  static absl::StatusOr<std::unique_ptr<ControlServer>> Start(const Options& options);
  ~ControlServer() { Stop(); }
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Calls have a moment to end, then they are cut off. Idempotent.
  void Stop();

  int port() const { return acceptor_->port(); }

 private:
  ControlServer() = default;

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<collector::Acceptor> acceptor_;  // ends before what it hands connections to
};

}  // namespace dcp::cmd
