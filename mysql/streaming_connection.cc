#include "mysql/streaming_connection.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/client_connect.h"

namespace dcp::mysql {
namespace {

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

}  // namespace

StreamingConnection::StreamingConnection(std::string server)
    : server_(std::move(server)), client_(std::make_unique<Client>()) {}

StreamingConnection::~StreamingConnection() = default;

absl::StatusOr<std::unique_ptr<StreamingConnection>> StreamingConnection::Connect(
    const model::ConnectionOptions& options, absl::Duration io_timeout) {
  std::unique_ptr<StreamingConnection> connection(
      new StreamingConnection(model::Describe(options)));
  DCP_RETURN_IF_ERROR(ConnectClient(options, io_timeout, connection->client_.get()));
  DCP_RETURN_IF_ERROR(connection->Execute(kSessionSettings));
  return connection;
}

absl::Status StreamingConnection::Error(absl::string_view doing) const {
  return client_->Error(server_, doing);
}

absl::Status StreamingConnection::Send(absl::string_view sql) {
  if (abandoned_) {
    return absl::UnavailableError(absl::StrCat(server_, ": the session was closed"));
  }
  if (mysql_real_query(&client_->mysql, sql.data(), sql.size()) != 0) return Error("query");
  return absl::OkStatus();
}

absl::Status StreamingConnection::Execute(absl::string_view sql) {
  DCP_RETURN_IF_ERROR(Send(sql));
  const Result dropped(mysql_store_result(&client_->mysql));
  return mysql_errno(&client_->mysql) == 0 ? absl::OkStatus() : Error("execute");
}

// Freeing a result reads what is left of it: without a socket there is nothing.
void StreamingConnection::Abandon() {
  abandoned_ = true;
  shutdown(static_cast<int>(mysql_get_socket(&client_->mysql)), SHUT_RDWR);
}

absl::Status StreamingConnection::Stream(absl::string_view sql, RowSink sink) {
  DCP_RETURN_IF_ERROR(Send(sql));
  const Result result(mysql_use_result(&client_->mysql));
  if (result == nullptr) return Error("query");
  fields_.resize(mysql_num_fields(result.get()));
  while (const MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* const lengths = mysql_fetch_lengths(result.get());
    for (size_t i = 0; i < fields_.size(); ++i) {
      fields_[i] = row[i] == nullptr ? Field() : Field(absl::string_view(row[i], lengths[i]));
    }
    if (absl::Status status = sink(fields_); !status.ok()) {
      Abandon();
      return status;
    }
  }
  return mysql_errno(&client_->mysql) == 0 ? absl::OkStatus() : Error("read rows");
}

}  // namespace dcp::mysql
