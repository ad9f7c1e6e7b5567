// A session of Connector/C: its handle, and how it is opened, with timeouts, charset and TLS as the
// options say. Only sources of mysql/ that speak to the C library include this.
#pragma once

#include <mysql.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "model/connection_options.h"

namespace dcp::mysql {

// The settings that every SQL session of ours begins with (see connection.h).
inline constexpr char kSessionSettings[] =
    "SET NAMES utf8mb4, SESSION time_zone = '+00:00', "
    "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";

// The library's handle, closed when this ends. Thread-compatible.
struct Client {
  Client() { mysql_init(&mysql); }
  ~Client() { mysql_close(&mysql); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What the last call failed with, as a status of server_error.h.
  absl::Status Error(absl::string_view server, absl::string_view doing);

  MYSQL mysql;
};

// REQUIRES: `client` is not connected. `io_timeout`: how long the server may be silent. Errors are
// those of server_error.h; kFailedPrecondition where TLS is demanded and not offered.
absl::Status ConnectClient(const model::ConnectionOptions& options, absl::Duration io_timeout,
                           Client* client);

}  // namespace dcp::mysql
