// Which key of the configuration, or what on the server, makes a connection fail.
//
// Pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "model/connection_options.h"

namespace dcp::cmd {

struct ConnectionFault {
  std::string setting;  // "password", "host", "socket", "tls", …; "server": what it does not allow
  std::string message;  // the server's or the library's own
  std::string cure;     // names the keys in `section` that are to be changed
};

// `section` names the place in the configuration: "[[collector]] 'replica'". `status` is that of
// mysql::Connection::Connect() with these options.
ConnectionFault ExplainConnection(absl::string_view section,
                                  const model::ConnectionOptions& options,
                                  const absl::Status& status);

}  // namespace dcp::cmd
