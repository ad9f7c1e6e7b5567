#include "verifier/side_session.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/schema_catalog.h"

namespace dcp::verifier {
namespace {

// How much longer than the server a silent statement is waited for.
constexpr absl::Duration kAnswerMargin = absl::Seconds(5);

}  // namespace

SideSession::SideSession(model::ConnectionOptions options, absl::Duration statement_timeout)
    : options_(std::move(options)), statement_timeout_(statement_timeout) {}

absl::Status SideSession::Connect() {
  DCP_ASSIGN_OR_RETURN(connection_,
                       mysql::Connection::Connect(options_, statement_timeout_ + kAnswerMargin));
  for (const absl::string_view statement :
       {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET SESSION autocommit = 1",
        // A key may be a date that a table has and the calendar has not.
        "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',ALLOW_INVALID_DATES')"}) {
    DCP_RETURN_IF_ERROR(connection_->Execute(statement));
  }
  // Waiting for DDL counts as running. MariaDB has another name for the limit, MySQL before 5.7
  // none; MySQL before 8.0.30 has no generated invisible keys.
  const int64_t seconds = std::max<int64_t>(1, absl::ToInt64Seconds(statement_timeout_));
  for (const std::string& statement :
       {absl::StrCat("SET SESSION lock_wait_timeout = ", seconds),
        absl::StrCat("SET SESSION max_execution_time = ",
                     absl::ToInt64Milliseconds(statement_timeout_)),
        absl::StrCat("SET SESSION max_statement_time = ",
                     absl::ToDoubleSeconds(statement_timeout_)),
        std::string("SET SESSION show_gipk_in_create_table_and_information_schema = ON")}) {
    const absl::Status status = connection_->Execute(statement);
    if (absl::IsUnavailable(status)) return status;
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

// A session may have been closed while nothing was asked: what fails on an old one is tried once
// more on a new one.
template <typename Work>
auto SideSession::Run(const Work& work) -> decltype(work(std::declval<mysql::Connection&>())) {
  const bool old = connection_ != nullptr;
  DCP_RETURN_IF_ERROR(EnsureConnected());
  auto result = work(*connection_);
  if (!absl::IsUnavailable(result.status())) return result;
  connection_ = nullptr;
  if (!old) return result;
  DCP_RETURN_IF_ERROR(EnsureConnected());
  return work(*connection_);
}

absl::StatusOr<mysql::Rows> SideSession::Query(absl::string_view sql) {
  return Run([&](mysql::Connection& connection) { return connection.Query(sql); });
}

absl::StatusOr<mysql::TableSchema> SideSession::ReadSchema(const TableName& table) {
  return Run([&](mysql::Connection& connection) {
    return mysql::ReadTableSchema(connection, table.database, table.name);
  });
}

}  // namespace dcp::verifier
