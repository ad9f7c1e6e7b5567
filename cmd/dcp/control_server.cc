#include "cmd/dcp/control_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kFarewell = absl::Milliseconds(200);

int ToMillis(absl::Duration duration) {
  const int64_t millis = absl::ToInt64Milliseconds(duration);
  return static_cast<int>(std::min<int64_t>(millis, std::numeric_limits<int>::max()));
}

void Configure(const ControlServer::Options& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ToMillis(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ToMillis(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             ToMillis(options.min_client_ping));
  for (grpc::Service* service : options.services) builder.RegisterService(service);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Start(const Options& options) {
  // Protobuf writes a line to standard error for each text that is not UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(options, builder);
  std::unique_ptr<ControlServer> server(new ControlServer);
  server->connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  auto acceptor = collector::Acceptor::Listen(options.listen, options.log);
  if (!acceptor.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        absl::string_view(acceptor.status().message()),
        ": the port is in use (by another dcp?), or the address is not one of this machine, or not "
        "allowed to this user; see `listen` of [control]"));
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) return absl::InternalError("gRPC does not start");
  server->acceptor_ = *std::move(acceptor);
  server->acceptor_->Start([connections = server->connections_.get()](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    connections->HandleNewConnection(&connection);
  });
  return server;
}

void ControlServer::Stop() {
  if (server_ == nullptr) return;
  acceptor_->Stop();
  server_->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_micros(absl::ToInt64Microseconds(kFarewell), GPR_TIMESPAN)));
  server_->Wait();
  server_ = nullptr;
}

}  // namespace dcp::cmd
