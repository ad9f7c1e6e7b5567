#include "mysql/connection.h"

#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "mysql/client_connect.h"
#include "mysql/server_error.h"
#include "mysql/tls.h"

namespace dcp::mysql {
namespace {

sql::SQLString ToSql(absl::string_view text) { return sql::SQLString(text.data(), text.size()); }

std::string FromSql(const sql::SQLString& text) { return std::string(text.c_str(), text.length()); }

// The library's list of drivers has no lock of its own.
sql::mysql::MySQL_Driver* Driver() {
  static Mutex mu;
  const MutexLock lock(mu);
  return sql::mysql::get_driver_instance();
}

// Runs `work`; what it throws becomes a status.
template <typename Work>
absl::Status Guarded(absl::string_view server, absl::string_view doing, const Work& work) {
  try {
    work();
    return absl::OkStatus();
  } catch (const sql::SQLException& e) {
    return ServerError(server, doing, static_cast<uint32_t>(std::max(e.getErrorCode(), 0)),
                       e.what());
  } catch (const std::exception& e) {
    return absl::UnknownError(absl::StrCat(server, ": ", doing, ": ", e.what()));
  }
}

// An option file in memory: this library verifies certificates only when an
// option file says so.
class VerifyOptionFile {
 public:
  VerifyOptionFile() : fd_(memfd_create("dcp-client-options", MFD_CLOEXEC)) {
    constexpr absl::string_view kText = "[client]\nssl-verify-server-cert=1\n";
    ok_ = fd_ >= 0 && write(fd_, kText.data(), kText.size()) == static_cast<ssize_t>(kText.size());
  }
  ~VerifyOptionFile() {
    if (fd_ >= 0) close(fd_);
  }
  VerifyOptionFile(const VerifyOptionFile&) = delete;
  VerifyOptionFile& operator=(const VerifyOptionFile&) = delete;

  bool ok() const { return ok_; }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  int fd_;
  bool ok_ = false;
};

int ToSeconds(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(
      absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))), 1, 1 << 24));
}

void SetTls(const model::TlsOptions& tls, model::TlsMode mode, sql::ConnectOptionsMap* map) {
  if (mode == model::TlsMode::kDisabled) return;
  (*map)["sslCA"] = ToSql(tls.ca);  // even empty, it makes the library ask for TLS
  if (!tls.cert.empty()) (*map)["sslCert"] = ToSql(tls.cert);
  if (!tls.key.empty()) (*map)["sslKey"] = ToSql(tls.key);
}

sql::ConnectOptionsMap ToMap(const model::ConnectionOptions& options, model::TlsMode mode,
                             absl::Duration read_timeout) {
  sql::ConnectOptionsMap map;
  map["hostName"] = options.socket.empty()
                        ? ToSql(absl::StrCat("tcp://", options.host, ":", options.port))
                        : ToSql(absl::StrCat("unix://", options.socket));
  map["userName"] = ToSql(options.user);
  map["password"] = ToSql(options.password);
  map["OPT_CHARSET_NAME"] = ToSql("utf8mb4");
  map["OPT_CONNECT_TIMEOUT"] = ToSeconds(options.connect_timeout);
  if (read_timeout < absl::InfiniteDuration()) map["OPT_READ_TIMEOUT"] = ToSeconds(read_timeout);
  if (options.compress) map["CLIENT_COMPRESS"] = true;
  SetTls(options.tls, mode, &map);
  return map;
}

}  // namespace

struct Connection::Session {
  std::unique_ptr<sql::Connection> connection;
  std::unique_ptr<sql::Statement> statement;
};

Connection::Connection(std::string server)
    : server_(std::move(server)), session_(std::make_unique<Session>()) {}

Connection::~Connection() {
  // The library may throw while it closes a broken connection.
  Guarded(server_, "close", [&] { session_.reset(); }).IgnoreError();
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(
    const model::ConnectionOptions& options, absl::Duration read_timeout) {
  const model::TlsMode mode = EffectiveTlsMode(options);
  std::unique_ptr<Connection> result(new Connection(model::Describe(options)));
  std::optional<VerifyOptionFile> verify;
  if (VerifiesCertificate(mode) && !verify.emplace().ok()) {
    return absl::InternalError("cannot make the option file that turns on certificate checks");
  }
  Session& session = *result->session_;
  DCP_RETURN_IF_ERROR(Guarded(result->server_, "connect", [&] {
    sql::ConnectOptionsMap map = ToMap(options, mode, read_timeout);
    if (verify) {
      map["readDefaultFile"] = ToSql(verify->path());
      map["readDefaultGroup"] = ToSql("client");
    }
    session.connection.reset(Driver()->connect(map));
    session.statement.reset(session.connection->createStatement());
  }));
  if (mode != model::TlsMode::kDisabled && mode != model::TlsMode::kPreferred) {
    DCP_ASSIGN_OR_RETURN(const Rows cipher, result->Query("SHOW STATUS LIKE 'Ssl_cipher'"));
    if (cipher.empty() || cipher[0].size() < 2 || cipher[0][1].value_or("").empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(result->server_,
                       ": the server does not offer TLS; tls mode demands it: set up the "
                       "server's certificate or set tls mode to preferred"));
    }
  }
  DCP_RETURN_IF_ERROR(result->Execute(kSessionSettings));
  return result;
}

absl::Status Connection::Execute(absl::string_view sql) {
  return Guarded(server_, "execute", [&] {
    affected_rows_ = 0;
    sql::Statement& statement = *session_->statement;
    if (statement.execute(ToSql(sql))) {
      const std::unique_ptr<sql::ResultSet> dropped(statement.getResultSet());
    } else {
      affected_rows_ = statement.getUpdateCount();
    }
  });
}

absl::StatusOr<Rows> Connection::Query(absl::string_view sql) {
  Rows rows;
  DCP_RETURN_IF_ERROR(Guarded(server_, "query", [&] {
    const std::unique_ptr<sql::ResultSet> result(session_->statement->executeQuery(ToSql(sql)));
    sql::ResultSetMetaData* const meta = result->getMetaData();
    const uint32_t columns = meta->getColumnCount();
    column_names_.clear();
    for (uint32_t i = 1; i <= columns; ++i)
      column_names_.push_back(FromSql(meta->getColumnLabel(i)));
    while (result->next()) {
      Row& row = rows.emplace_back(columns);
      for (uint32_t i = 1; i <= columns; ++i) {
        if (!result->isNull(i)) row[i - 1] = FromSql(result->getString(i));
      }
    }
  }));
  return rows;
}

absl::StatusOr<std::string> Connection::QueryValue(absl::string_view sql) {
  DCP_ASSIGN_OR_RETURN(Rows rows, Query(sql));
  if (rows.empty() || rows[0].empty() || !rows[0][0].has_value()) {
    return absl::NotFoundError(absl::StrCat(server_, ": no value: ", sql));
  }
  return *std::move(rows[0][0]);
}

std::string QuoteName(absl::string_view name) {
  std::string quoted = "`";
  for (const char c : name) {
    if (c == '`') quoted.push_back('`');
    quoted.push_back(c);
  }
  quoted.push_back('`');
  return quoted;
}

std::string QuoteString(absl::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    switch (c) {
      case '\0':
        quoted.append("\\0");
        break;
      case '\n':
        quoted.append("\\n");
        break;
      case '\r':
        quoted.append("\\r");
        break;
      case '\x1a':
        quoted.append("\\Z");
        break;
      case '\'':
      case '"':
      case '\\':
        quoted.push_back('\\');
        [[fallthrough]];
      default:
        quoted.push_back(c);
    }
  }
  quoted.push_back('\'');
  return quoted;
}

}  // namespace dcp::mysql
