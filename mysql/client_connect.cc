#include "mysql/client_connect.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "mysql/server_error.h"
#include "mysql/tls.h"

namespace dcp::mysql {
namespace {

constexpr unsigned long kMaxPacket = 1ul << 30;

unsigned int ToSeconds(absl::Duration duration) {
  return static_cast<unsigned int>(std::clamp<int64_t>(
      absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))), 1, 1 << 24));
}

void SetOptions(const model::ConnectionOptions& to, absl::Duration io_timeout, MYSQL* mysql) {
  const unsigned int connect_timeout = ToSeconds(to.connect_timeout);
  const unsigned int timeout = std::max(connect_timeout, ToSeconds(io_timeout));
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &timeout);
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMaxPacket);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (to.compress) mysql_options(mysql, MYSQL_OPT_COMPRESS, nullptr);
}

void SetTls(const model::TlsOptions& tls, model::TlsMode mode, MYSQL* mysql) {
  if (mode == model::TlsMode::kDisabled) return;
  const auto name = [](const std::string& file) { return file.empty() ? nullptr : file.c_str(); };
  mysql_ssl_set(mysql, name(tls.key), name(tls.cert), name(tls.ca), nullptr, nullptr);
  const my_bool verify = VerifiesCertificate(mode) ? 1 : 0;
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

}  // namespace

absl::Status Client::Error(absl::string_view server, absl::string_view doing) {
  return ServerError(server, doing, mysql_errno(&mysql), mysql_error(&mysql));
}

absl::Status ConnectClient(const model::ConnectionOptions& to, absl::Duration io_timeout,
                           Client* client) {
  MYSQL* const mysql = &client->mysql;
  const model::TlsMode mode = EffectiveTlsMode(to);
  const std::string server = model::Describe(to);
  SetOptions(to, io_timeout, mysql);
  SetTls(to.tls, mode, mysql);
  const bool over_socket = !to.socket.empty();
  if (mysql_real_connect(mysql, over_socket ? nullptr : to.host.c_str(), to.user.c_str(),
                         to.password.c_str(), nullptr, over_socket ? 0 : to.port,
                         over_socket ? to.socket.c_str() : nullptr, 0) == nullptr) {
    return client->Error(server, "connect");
  }
  const bool encrypted = mysql_get_ssl_cipher(mysql) != nullptr;
  if (!encrypted && mode != model::TlsMode::kDisabled && mode != model::TlsMode::kPreferred) {
    return absl::FailedPreconditionError(
        absl::StrCat(server, ": the server does not offer TLS, which tls mode demands"));
  }
  return absl::OkStatus();
}

}  // namespace dcp::mysql
