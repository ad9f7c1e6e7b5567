// TLS of what listens, for HTTP and gRPC alike: TLS 1.2 and later, with clients' certificates where
// it is said.
//
// Stateless: any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl
namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace dcp::server {

struct TlsFiles {
  std::string cert, key;  // PEM: the certificate and those that lead to its authority; its key
  std::string client_ca;  // not empty: clients need a certificate of one of these authorities
};

// Reads the files.
//   kFailedPrecondition  names the file that cannot be read or does not fit, and why
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(const TlsFiles& files);

// The same for gRPC, which reads the files again by itself when they change.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeGrpcTls(const TlsFiles& files);

}  // namespace dcp::server
