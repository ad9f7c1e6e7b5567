// How a client of dcp's gRPC services connects: by TLS or not, with a token or not.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace grpc {
class Channel;
class ChannelArguments;
class ClientContext;
}  // namespace grpc

namespace dcp::cmd {

// As given on the command line.
struct ChannelOptions {
  std::string target;               // HOST:PORT
  bool tls = false;                 // also where a file below is given
  std::string ca = {};              // file of the authorities to trust; empty: the system's
  std::string cert = {}, key = {};  // files: the client's own certificate; empty: none
  std::string token_file = {};      // empty: the environment variable DCP_TOKEN, if it is set
};

// Reads the files; connects when it is used.
//   kInvalidArgument  names the option that cannot be
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options,
                                                           const grpc::ChannelArguments& arguments);

// The token to call with; empty: none. kInvalidArgument as above.
absl::StatusOr<std::string> ReadToken(const ChannelOptions& options);

// Calls with `token`, if it is not empty.
void Authorise(const std::string& token, grpc::ClientContext& context);

}  // namespace dcp::cmd
