#include "tests/servers/session.h"

#include <mysql.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::test {
namespace {

// Client-side error numbers are those from 2000 to 2999.
bool IsConnectionError(unsigned int number) { return number >= 2000 && number < 3000; }

Row ReadRow(MYSQL_ROW fields, const unsigned long* lengths, unsigned int count) {
  Row row(count);
  for (unsigned int i = 0; i < count; ++i) {
    if (fields[i] != nullptr) row[i].emplace(fields[i], lengths[i]);
  }
  return row;
}

std::vector<std::string> ColumnNames(MYSQL_RES* result) {
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result);
  std::vector<std::string> names;
  for (unsigned int i = 0; i < mysql_num_fields(result); ++i) names.emplace_back(fields[i].name);
  return names;
}

}  // namespace

std::string Table::Value(const Row& row, const std::string& column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == column) return row[i].value_or("");
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const std::string& socket,
                                                       const std::string& user,
                                                       const std::string& password) {
  MYSQL* mysql = mysql_init(nullptr);
  if (mysql == nullptr) return absl::ResourceExhaustedError("mysql_init: out of memory");
  std::unique_ptr<Session> session(new Session(mysql));
  unsigned int timeout_seconds = 30;
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_seconds);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  unsigned int load_data_local = 1;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &load_data_local);
  if (mysql_real_connect(mysql, nullptr, user.c_str(), password.c_str(), nullptr, 0, socket.c_str(),
                         CLIENT_MULTI_STATEMENTS) == nullptr) {
    return absl::UnavailableError(absl::StrCat("connect to ", socket, " as ", user, ": ",
                                               mysql_error(mysql), " (", mysql_errno(mysql), ")"));
  }
  return session;
}

Session::~Session() { mysql_close(mysql_); }

absl::Status Session::Error(const std::string& sql) const {
  const std::string message =
      absl::StrCat(mysql_error(mysql_), " (", mysql_errno(mysql_), ") in: ", sql.substr(0, 500));
  return IsConnectionError(mysql_errno(mysql_)) ? absl::UnavailableError(message)
                                                : absl::InternalError(message);
}

absl::Status Session::Execute(const std::string& sql) { return Query(sql).status(); }

absl::StatusOr<Rows> Session::Query(const std::string& sql) {
  DCP_ASSIGN_OR_RETURN(Table table, QueryTable(sql));
  return std::move(table.rows);
}

absl::StatusOr<Table> Session::QueryTable(const std::string& sql) {
  changing_ = 0;
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return Error(sql);
  Table first;
  bool found = false;
  for (int next = 0; next == 0; next = mysql_next_result(mysql_)) {
    const bool has_rows = mysql_field_count(mysql_) > 0;
    if (!has_rows && mysql_affected_rows(mysql_) > 0) ++changing_;
    DCP_ASSIGN_OR_RETURN(Table table, FetchTable(sql));
    if (has_rows && !std::exchange(found, true)) first = std::move(table);
  }
  if (mysql_errno(mysql_) != 0) return Error(sql);
  return first;
}

absl::StatusOr<Table> Session::FetchTable(const std::string& sql) {
  Table table;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(mysql_store_result(mysql_),
                                                                        &mysql_free_result);
  if (result == nullptr) {
    if (mysql_errno(mysql_) != 0) return Error(sql);
    return table;
  }
  table.columns = ColumnNames(result.get());
  while (MYSQL_ROW fields = mysql_fetch_row(result.get())) {
    table.rows.push_back(
        ReadRow(fields, mysql_fetch_lengths(result.get()), mysql_num_fields(result.get())));
  }
  return table;
}

absl::StatusOr<std::string> FirstValue(const Rows& rows) {
  if (rows.empty() || rows[0].empty() || !rows[0][0].has_value()) {
    return absl::NotFoundError("the statement yields no value");
  }
  return *rows[0][0];
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace dcp::test
