// CallGate: whether a gRPC call may be made, in one place. Each call of a service declares what it
// needs; a gate decides by who asks.
//
// Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include "model/access.h"

namespace dcp::server {

class CallGate {
 public:
  virtual ~CallGate() = default;
  // UNAUTHENTICATED: who asks is not known. PERMISSION_DENIED: known, and not for this.
  virtual grpc::Status Admit(const grpc::CallbackServerContext& call, model::Role role) const = 0;
};

// TokenGate: by the token that a call brings (model/access.h).
class TokenGate final : public CallGate {
 public:
  struct Options {
    // Where no token is for reading, whoever can connect may change things too: for addresses that
    // are reached by those alone who may.
    bool open = false;
  };
  TokenGate(model::Access access, Options options)
      : access_(std::move(access)), options_(options) {}

  grpc::Status Admit(const grpc::CallbackServerContext& call, model::Role role) const override;

 private:
  const model::Access access_;
  const Options options_;
};

}  // namespace dcp::server
