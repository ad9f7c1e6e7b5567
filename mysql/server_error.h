// Error numbers of MySQL servers and of its client library as absl::Status,
// chosen by the caller's next step:
//   kPermissionDenied    the account lacks something
//   kUnavailable         not reachable, or lost: try again
//   kAborted             deadlock, lock wait, interrupted: try the statement again
//   kDeadlineExceeded    the statement took longer than the session lets it
//   kNotFound            database, table or variable does not exist
//   kFailedPrecondition  the server must be set up otherwise
//   kResourceExhausted   a limit of the server
//   kInvalidArgument     the statement is wrong
//   kAlreadyExists       duplicate key
//   kUnknown             any other number
//
// Pure functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace dcp::mysql {

absl::StatusCode CodeOfServerError(uint32_t number);

// "<server>: <doing>: <message> (error <number>); <cure>". `server` is
// model::Describe() of its options.
absl::Status ServerError(absl::string_view server, absl::string_view doing, uint32_t number,
                         absl::string_view message);

}  // namespace dcp::mysql
