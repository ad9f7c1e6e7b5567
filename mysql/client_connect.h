// Opens a session of Connector/C: timeouts, charset and TLS as the options say. Only sources of
// mysql/ that speak to the C library include this.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model/connection_options.h"

struct st_mysql;

namespace dcp::mysql {

// The settings that every SQL session of ours begins with (see connection.h).
inline constexpr char kSessionSettings[] =
    "SET NAMES utf8mb4, SESSION time_zone = '+00:00', "
    "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";

// REQUIRES: `mysql` is initialised and not connected. `io_timeout`: how long the server may be
// silent. Errors are those of server_error.h; kFailedPrecondition where TLS is demanded and not
// offered.
absl::Status ConnectClient(const model::ConnectionOptions& options, absl::Duration io_timeout,
                           st_mysql* mysql);

}  // namespace dcp::mysql
