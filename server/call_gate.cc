#include "server/call_gate.h"

#include "absl/strings/string_view.h"
#include "server/control_wire.h"

namespace dcp::server {

grpc::Status TokenGate::Admit(const grpc::CallbackServerContext& call, model::Role role) const {
  if (options_.open && !access_.Asks(model::Role::kRead)) return grpc::Status::OK;
  const auto it = call.client_metadata().find("authorization");
  absl::string_view authorization;
  if (it != call.client_metadata().end()) {
    authorization = absl::string_view(it->second.data(), it->second.size());
  }
  return ToGrpc(access_.Admit(authorization, role).status());
}

}  // namespace dcp::server
