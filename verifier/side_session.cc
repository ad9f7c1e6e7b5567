#include "verifier/side_session.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/schema_catalog.h"

namespace dcp::verifier {
namespace {

// How much longer than the server a silent statement is waited for.
constexpr absl::Duration kAnswerMargin = absl::Seconds(5);

constexpr char kIdSql[] = "SELECT CONNECTION_ID()";

absl::StatusOr<uint64_t> ToId(absl::string_view text) {
  uint64_t id = 0;
  if (absl::SimpleAtoi(text, &id)) return id;
  return absl::DataLossError(absl::StrCat("'", text, "' is no session's number"));
}

absl::StatusOr<uint64_t> IdOf(mysql::Connection& connection) {
  DCP_ASSIGN_OR_RETURN(const std::string id, connection.QueryValue(kIdSql));
  return ToId(id);
}

absl::StatusOr<uint64_t> IdOf(mysql::StreamingConnection& connection) {
  uint64_t id = 0;
  DCP_RETURN_IF_ERROR(connection.Stream(
      kIdSql, [&](absl::Span<const mysql::StreamingConnection::Field> row) -> absl::Status {
        DCP_ASSIGN_OR_RETURN(id, ToId(row[0].value_or("")));
        return absl::OkStatus();
      }));
  return id;
}

// Of the two names that the limit has, MySQL's and MariaDB's, a server knows one.
template <typename Connection>
absl::StatusOr<Unbounded> Bound(Connection& connection, absl::Duration statement_timeout) {
  for (const std::string& statement : {absl::StrCat("SET SESSION max_execution_time = ",
                                                    absl::ToInt64Milliseconds(statement_timeout)),
                                       absl::StrCat("SET SESSION max_statement_time = ",
                                                    absl::ToDoubleSeconds(statement_timeout))}) {
    const absl::Status status = connection.Execute(statement);
    if (status.ok()) return Unbounded();
    if (absl::IsUnavailable(status)) return status;
  }
  DCP_ASSIGN_OR_RETURN(const uint64_t id, IdOf(connection));
  return Unbounded{id};
}

// Makes a new session one of ours.
template <typename Connection>
absl::StatusOr<Unbounded> Prepare(Connection& connection, absl::Duration statement_timeout) {
  for (const absl::string_view statement :
       {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET SESSION autocommit = 1",
        // A key may be a date that a table has and the calendar has not.
        "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',ALLOW_INVALID_DATES')"}) {
    DCP_RETURN_IF_ERROR(connection.Execute(statement));
  }
  // Whoever waits for a lock, it is not another that gives way. Waiting for DDL counts as running.
  // MySQL before 8.0.30 has no generated invisible keys.
  const int64_t seconds = std::max<int64_t>(1, absl::ToInt64Seconds(statement_timeout));
  for (const std::string& statement :
       {std::string("SET SESSION innodb_lock_wait_timeout = 1"),
        absl::StrCat("SET SESSION lock_wait_timeout = ", seconds),
        std::string("SET SESSION show_gipk_in_create_table_and_information_schema = ON")}) {
    const absl::Status status = connection.Execute(statement);
    if (absl::IsUnavailable(status)) return status;
  }
  return Bound(connection, statement_timeout);
}

// Ends what a session that was lost still does on its server, if it is that: a server that was
// started again gives its number to another.
void EndStatement(const model::ConnectionOptions& options, absl::Duration statement_timeout,
                  Unbounded* lost) {
  const uint64_t id = std::exchange(lost->id, 0);
  if (id == 0) return;
  const auto connection = mysql::Connection::Connect(options, kAnswerMargin);
  if (!connection.ok()) return;
  const auto busy = (*connection)
                        ->Query(absl::StrCat(
                            "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ", id,
                            " AND USER = SUBSTRING_INDEX(USER(), '@', 1) AND COMMAND = 'Query' AND "
                            "TIME >= ",
                            absl::ToInt64Seconds(statement_timeout)));
  if (!busy.ok() || busy->empty()) return;
  (*connection)->Execute(absl::StrCat("KILL ", id)).IgnoreError();
}

}  // namespace

SideSession::SideSession(model::ConnectionOptions options, absl::Duration statement_timeout,
                         std::vector<SessionSetting> settings)
    : options_(std::move(options)),
      statement_timeout_(statement_timeout),
      settings_(std::move(settings)) {}

absl::Status SideSession::Connect() {
  DCP_ASSIGN_OR_RETURN(connection_,
                       mysql::Connection::Connect(options_, statement_timeout_ + kAnswerMargin));
  DCP_ASSIGN_OR_RETURN(unbounded_, Prepare(*connection_, statement_timeout_));
  for (const SessionSetting& setting : settings_) {
    const absl::Status status = connection_->Execute(setting.sql);
    if (setting.required || absl::IsUnavailable(status)) DCP_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status SideSession::EnsureConnected() {
  if (connection_ != nullptr) return absl::OkStatus();
  DCP_RETURN_IF_ERROR(refused_);
  refused_ = Connect();
  if (!refused_.ok()) connection_ = nullptr;
  return refused_;
}

void SideSession::Drop() {
  connection_ = nullptr;
  EndStatement(options_, statement_timeout_, &unbounded_);
}

// A session may have been closed while nothing was asked: what fails on an old one is tried once
// more on a new one.
template <typename Work>
auto SideSession::Run(const Work& work) -> decltype(work(std::declval<mysql::Connection&>())) {
  const bool old = connection_ != nullptr;
  DCP_RETURN_IF_ERROR(EnsureConnected());
  auto result = work(*connection_);
  if (!absl::IsUnavailable(result.status())) return result;
  Drop();
  if (!old) return result;
  DCP_RETURN_IF_ERROR(EnsureConnected());
  return work(*connection_);
}

absl::StatusOr<mysql::Rows> SideSession::Query(absl::string_view sql) {
  return Run([&](mysql::Connection& connection) { return connection.Query(sql); });
}

absl::Status SideSession::Execute(absl::string_view sql) {
  DCP_RETURN_IF_ERROR(EnsureConnected());
  const absl::Status status = connection_->Execute(sql);
  if (absl::IsUnavailable(status)) Drop();
  return status;
}

absl::StatusOr<mysql::TableSchema> SideSession::ReadSchema(const TableName& table) {
  return Run([&](mysql::Connection& connection) {
    return mysql::ReadTableSchema(connection, table.database, table.name);
  });
}

ScanSession::ScanSession(model::ConnectionOptions options, absl::Duration statement_timeout)
    : options_(std::move(options)), statement_timeout_(statement_timeout) {}

absl::Status ScanSession::EnsureConnected() {
  if (connection_ != nullptr) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(connection_, mysql::StreamingConnection::Connect(
                                        options_, statement_timeout_ + kAnswerMargin));
  const absl::StatusOr<Unbounded> prepared = Prepare(*connection_, statement_timeout_);
  if (!prepared.ok()) {
    connection_ = nullptr;
    return prepared.status();
  }
  unbounded_ = *prepared;
  return absl::OkStatus();
}

absl::Status ScanSession::Stream(absl::string_view sql, mysql::StreamingConnection::RowSink sink) {
  DCP_RETURN_IF_ERROR(EnsureConnected());
  const absl::Status status = connection_->Stream(sql, sink);
  // After some errors of a sink, and of the client library, the session is no use any more.
  if (absl::IsUnavailable(status) || absl::IsDataLoss(status)) {
    connection_ = nullptr;
    EndStatement(options_, statement_timeout_, &unbounded_);
  }
  return status;
}

}  // namespace dcp::verifier
