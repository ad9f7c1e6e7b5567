// The sessions that read one side's rows: READ COMMITTED, no locks, every statement bounded in
// time: by the server, or where it knows no such limit (MySQL before 5.7.8) by ending a statement
// that has been silent for five seconds longer. Opened when first used, opened again when lost.
// SideSession keeps results, ScanSession hands out rows while they come.
//
// Thread-compatible. Errors are those of mysql/server_error.h and name the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "model/connection_options.h"
#include "mysql/connection.h"
#include "mysql/streaming_connection.h"
#include "mysql/table_schema.h"
#include "verifier/table_rule.h"

namespace dcp::verifier {

// A statement that sets up a new session, behind those that all have.
struct SessionSetting {
  std::string sql;
  bool required = true;  // false: a server that refuses it is used as it is
};

// A session on a server that does not bound its statements by itself.
struct Unbounded {
  uint64_t id = 0;  // 0: the server does
};

class SideSession {
 public:
  SideSession(model::ConnectionOptions options, absl::Duration statement_timeout,
              std::vector<SessionSetting> settings = {});

  // "user@host:port"
  std::string server() const { return model::Describe(options_); }

  // A server that could not be reached is not tried again before the next call of this.
  void AllowConnecting() { refused_ = absl::OkStatus(); }

  absl::StatusOr<mysql::Rows> Query(absl::string_view sql);

  // For the statements that a verification writes. Not tried again.
  absl::Status Execute(absl::string_view sql);
  // Rows that the last Execute() changed. REQUIRES: it succeeded.
  uint64_t affected_rows() const { return connection_->affected_rows(); }

  //   kNotFound  the table does not exist, or the account may not see it
  absl::StatusOr<mysql::TableSchema> ReadSchema(const TableName& table);

 private:
  template <typename Work>
  auto Run(const Work& work) -> decltype(work(std::declval<mysql::Connection&>()));
  absl::Status EnsureConnected();
  absl::Status Connect();
  void Drop();

  // Constant after construction.
  const model::ConnectionOptions options_;
  const absl::Duration statement_timeout_;
  const std::vector<SessionSetting> settings_;

  std::unique_ptr<mysql::Connection> connection_;
  Unbounded unbounded_;
  absl::Status refused_;  // why there is no connection
};

class ScanSession {
 public:
  ScanSession(model::ConnectionOptions options, absl::Duration statement_timeout);

  // As StreamingConnection::Stream. What fails is not tried again here: rows may have been given.
  absl::Status Stream(absl::string_view sql, mysql::StreamingConnection::RowSink sink);

 private:
  absl::Status EnsureConnected();

  // Constant after construction.
  const model::ConnectionOptions options_;
  const absl::Duration statement_timeout_;

  std::unique_ptr<mysql::StreamingConnection> connection_;
  Unbounded unbounded_;
};

}  // namespace dcp::verifier
