#include "cmd/dcp/channel.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

// The content of `file`; empty for no file.
absl::StatusOr<std::string> Read(const char* option, const std::string& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.is_open() && !in.bad() && !content.empty()) return content;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": '", file, "' cannot be read, or is empty"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const ChannelOptions& options, const grpc::ChannelArguments& arguments) {
  grpc::SslCredentialsOptions tls;
  DCP_ASSIGN_OR_RETURN(tls.pem_root_certs, Read("--tls-ca", options.ca));
  DCP_ASSIGN_OR_RETURN(tls.pem_cert_chain, Read("--tls-cert", options.cert));
  DCP_ASSIGN_OR_RETURN(tls.pem_private_key, Read("--tls-key", options.key));
  if (options.cert.empty() != options.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  const bool uses_tls = options.tls || !options.ca.empty() || !options.cert.empty();
  return grpc::CreateCustomChannel(
      options.target, uses_tls ? grpc::SslCredentials(tls) : grpc::InsecureChannelCredentials(),
      arguments);
}

absl::StatusOr<std::string> ReadToken(const ChannelOptions& options) {
  DCP_ASSIGN_OR_RETURN(std::string token, Read("--token-file", options.token_file));
  if (options.token_file.empty()) {
    const char* const variable = std::getenv("DCP_TOKEN");
    token = variable == nullptr ? "" : variable;
  }
  token.resize(std::min(token.size(), token.find_first_of("\r\n")));
  absl::StripAsciiWhitespace(&token);
  for (const char c : token) {
    if (absl::ascii_isgraph(static_cast<unsigned char>(c))) continue;
    return absl::InvalidArgumentError("the token has characters that are not printable ASCII");
  }
  return token;
}

void Authorise(const std::string& token, grpc::ClientContext& context) {
  if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
}

}  // namespace dcp::cmd
