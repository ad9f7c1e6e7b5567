#include "server/tls.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <boost/asio/ssl/context.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::server {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// gRPC looks so often whether the files have changed.
constexpr unsigned kLookEverySeconds = 2;

absl::Status Unfit(const std::string& file, const char* what, const error_code& error) {
  return absl::FailedPreconditionError(
      absl::StrCat("tls: ", file, " cannot be used as ", what, ": ", error.message()));
}

absl::Status LoadClientCa(ssl::context& context, const std::string& file) {
  if (file.empty()) return absl::OkStatus();
  error_code error;
  context.load_verify_file(file, error);
  if (!error) {
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  }
  return error ? Unfit(file, "the authorities of clients (client_ca)", error) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> MakeTlsContext(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | ssl::context::no_compression);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  // Each connection shows its certificate.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  error_code error;
  context->use_certificate_chain_file(files.cert, error);
  if (error) return Unfit(files.cert, "a certificate (cert)", error);
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return Unfit(files.key, "the key of that certificate (key)", error);
  DCP_RETURN_IF_ERROR(LoadClientCa(*context, files.client_ca));
  return context;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeGrpcTls(const TlsFiles& files) {
  // gRPC itself would say nothing of a file that it cannot use.
  DCP_RETURN_IF_ERROR(MakeTlsContext(files).status());
  namespace tls = grpc::experimental;
  const bool mutual = !files.client_ca.empty();
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key, files.cert, files.client_ca, kLookEverySeconds));
  options.watch_identity_key_cert_pairs();
  if (mutual) options.watch_root_certs();
  options.set_cert_request_type(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return tls::TlsServerCredentials(options);
}

}  // namespace dcp::server
