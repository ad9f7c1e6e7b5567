// GrpcListener: gRPC services at an address, accepted by acceptor.h, with reflection and health.
//
// Start() and what ends it are called by one owner; port() and accept_failures() by any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/listeners.h"
#include "collector/grpc/acceptor.h"

namespace dcp::collector {

struct GrpcListenerOptions {
  std::string listen;  // HOST:PORT; port 0: any free one, see port()
  // Listens there already; null: it opens them.
  std::shared_ptr<const Listeners> listeners;
  std::shared_ptr<grpc::ServerCredentials> credentials;  // TLS; null: none
  std::string section;                   // of the configuration that names it, for errors
  std::vector<grpc::Service*> services;  // not owned, outlive the listener
  int64_t max_message_bytes = 1 << 20;   // that it receives: a longer one ends its call
  // An idle connection is probed after `keepalive_time` and closed when nothing comes for
  // `keepalive_timeout`: one that is half open goes. Clients may probe as often as every
  // `min_client_ping`.
  absl::Duration keepalive_time = absl::Seconds(30);
  absl::Duration keepalive_timeout = absl::Seconds(10);
  absl::Duration min_client_ping = absl::Seconds(5);
  // A new connection that has not begun to speak gRPC within `handshake` is closed, and one without
  // calls after `max_idle`.
  absl::Duration handshake = absl::Seconds(10);
  absl::Duration max_idle = absl::Minutes(10);
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
};

class GrpcListener {
 public:
  //   kFailedPrecondition  it cannot listen there; says what to do
  //   kInternal            gRPC does not start
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(GrpcListenerOptions options);
  ~GrpcListener() { Stop(); }
  GrpcListener(const GrpcListener&) = delete;
  GrpcListener& operator=(const GrpcListener&) = delete;

  int port() const { return acceptor_->port(); }
  // So often a connection could not be accepted, and waited.
  int64_t accept_failures() const { return acceptor_->failures(); }

  // For calls of services that nobody ends, and for clients to close their idle connections; some
  // do not look at them for minutes.
  static constexpr absl::Duration kFarewell = absl::Milliseconds(200);

  // Tells who asks for its health that it ends.
  void SayGoodbye();
  // Accepts nothing more; after `limit` calls are cut off. Does not wait for their handlers.
  void CutOff(absl::Duration limit);
  // Waits until all handlers have returned. REQUIRES: CutOff()
  void Wait();
  // All of it. Idempotent.
  void Stop();

 private:
  GrpcListener() = default;

  std::unique_ptr<grpc::Server> server_;  // null: ended
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<Acceptor> acceptor_;  // ends before what it hands connections to
};

}  // namespace dcp::collector
