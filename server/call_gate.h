// CallGate: whether a gRPC call may be made, in one place. Each call of a service declares what it
// does; a gate decides by who asks.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

namespace dcp::server {

enum class CallRole {
  kRead,   // sees: rows, findings, what dcp does
  kAdmin,  // changes what is told
};

class CallGate {
 public:
  virtual ~CallGate() = default;
  // UNAUTHENTICATED: who asks is not known. PERMISSION_DENIED: known, and not for this.
  virtual grpc::Status Admit(const grpc::CallbackServerContext& call, CallRole role) const = 0;
};

// Everyone who reaches the port: for addresses of this machine alone.
class OpenGate final : public CallGate {
 public:
  grpc::Status Admit(const grpc::CallbackServerContext&, CallRole) const override {
    return grpc::Status::OK;
  }
};

}  // namespace dcp::server
