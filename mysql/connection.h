// Connection: one SQL session on a MySQL server, over Connector/C++. The only
// place where that library's exceptions occur and end.
//
// The session has time_zone '+00:00', charset utf8mb4, and a sql_mode under
// which QuoteName and QuoteString hold (no ANSI_QUOTES, no
// NO_BACKSLASH_ESCAPES) and CHAR comes without padding.
//
// Thread-compatible. Errors are those of server_error.h: they name the server,
// what failed and the cure, never the password.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "model/connection_options.h"

namespace dcp::mysql {

// The values as the server sent them, byte for byte; BIT columns as decimal
// numbers. nullopt is NULL.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

class Connection {
 public:
  // `read_timeout`: how long a statement may be silent before the server counts
  // as lost.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(
      const model::ConnectionOptions& options,
      absl::Duration read_timeout = absl::InfiniteDuration());
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a statement; a result set is dropped.
  absl::Status Execute(absl::string_view sql);
  // Rows that the last Execute() changed.
  uint64_t affected_rows() const { return affected_rows_; }

  // Runs a statement and returns all its rows.
  absl::StatusOr<Rows> Query(absl::string_view sql);
  // The names of the last Query()'s columns.
  const std::vector<std::string>& column_names() const { return column_names_; }

  // The only value of the only row; kNotFound when there is no row or it is NULL.
  absl::StatusOr<std::string> QueryValue(absl::string_view sql);

  // "user@host:port"
  const std::string& server() const { return server_; }

 private:
  struct Session;
  explicit Connection(std::string server);

  const std::string server_;
  std::unique_ptr<Session> session_;
  uint64_t affected_rows_ = 0;
  std::vector<std::string> column_names_;
};

// `name` in backticks.
std::string QuoteName(absl::string_view name);
// `text` in single quotes, escaped with backslashes.
std::string QuoteString(absl::string_view text);

}  // namespace dcp::mysql
