// Session: one SQL connection to a server under test, by way of Connector/C.
//
// Thread-compatible: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Connector/C's connection; its header stays out of the tests.
struct st_mysql;

namespace dcp::test {

// Values as text, nullopt for NULL.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

// A result with the names of its columns.
struct Table {
  std::vector<std::string> columns;
  Rows rows;

  // The value of one of its rows; empty for NULL and where there is no such column.
  std::string Value(const Row& row, const std::string& column) const;
};

class Session {
 public:
  // Connects over the server's socket.
  //   kUnavailable  the server cannot be reached or refuses; its own message
  static absl::StatusOr<std::unique_ptr<Session>> Open(const std::string& socket,
                                                       const std::string& user,
                                                       const std::string& password);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs one or more statements separated by `;` and drops their results. Stops at the first that
  // fails.
  //   kUnavailable  the connection was lost
  //   kInternal     the server refuses; its error number, message and the statement
  absl::Status Execute(const std::string& sql);

  // How many statements of the last call changed at least one row.
  int changing_statements() const { return changing_; }

  // Runs one or more statements and returns the rows of the first that has a result.
  // Errors as Execute.
  absl::StatusOr<Rows> Query(const std::string& sql);
  absl::StatusOr<Table> QueryTable(const std::string& sql);

 private:
  explicit Session(st_mysql* mysql) : mysql_(mysql) {}
  absl::Status Error(const std::string& sql) const;
  absl::StatusOr<Table> FetchTable(const std::string& sql);

  st_mysql* const mysql_;
  int changing_ = 0;
};

// The first value of a result.
//   kNotFound  there is none, or it is NULL
absl::StatusOr<std::string> FirstValue(const Rows& rows);

// `text` as an SQL string literal, for any sql_mode but NO_BACKSLASH_ESCAPES.
std::string Quoted(const std::string& text);

}  // namespace dcp::test
