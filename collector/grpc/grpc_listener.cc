#include "collector/grpc/grpc_listener.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::collector {
namespace {

int ToInt(int64_t value) {
  return static_cast<int>(std::min<int64_t>(value, std::numeric_limits<int>::max()));
}

int ToMillis(absl::Duration duration) { return ToInt(absl::ToInt64Milliseconds(duration)); }

gpr_timespec After(absl::Duration duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_micros(absl::ToInt64Microseconds(duration), GPR_TIMESPAN));
}

void Configure(const GrpcListenerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(ToInt(options.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ToMillis(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ToMillis(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             ToMillis(options.min_client_ping));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, ToMillis(options.handshake));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, ToMillis(options.max_idle));
  for (grpc::Service* service : options.services) builder.RegisterService(service);
}

absl::StatusOr<std::shared_ptr<const Listeners>> OpenListeners(const GrpcListenerOptions& options) {
  auto listeners = Listeners::Open(options.listen);
  if (listeners.ok()) return listeners;
  return absl::FailedPreconditionError(absl::StrCat(
      absl::string_view(listeners.status().message()),
      ": the port is in use (by another dcp?), or the address is not one of this machine, or not "
      "allowed to this user; see `listen` of ",
      options.section));
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(GrpcListenerOptions options) {
  // Protobuf writes a line to standard error for each text that is not UTF-8: the client is told,
  // and could flood the log.
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(options, builder);
  std::unique_ptr<GrpcListener> listener(new GrpcListener);
  listener->connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      options.credentials ? options.credentials : grpc::InsecureServerCredentials());
  if (options.listeners == nullptr) {
    DCP_ASSIGN_OR_RETURN(options.listeners, OpenListeners(options));
  }
  DCP_ASSIGN_OR_RETURN(listener->acceptor_,
                       Acceptor::Create(std::move(options.listeners), options.log));
  listener->server_ = builder.BuildAndStart();
  if (listener->server_ == nullptr) return absl::InternalError("gRPC does not start");
  listener->acceptor_->Start([connections = listener->connections_.get()](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    connections->HandleNewConnection(&connection);
  });
  return listener;
}

void GrpcListener::SayGoodbye() {
  if (server_ == nullptr) return;
  if (auto* health = server_->GetHealthCheckService()) health->SetServingStatus(false);
}

void GrpcListener::CutOff(absl::Duration limit) {
  if (server_ == nullptr) return;
  acceptor_->Stop();
  server_->Shutdown(After(limit));
}

void GrpcListener::Wait() {
  if (server_ == nullptr) return;
  server_->Wait();
  server_ = nullptr;
}

void GrpcListener::Stop() {
  CutOff(kFarewell);
  Wait();
}

}  // namespace dcp::collector
