// What `dcp run` needs of its own machine: a directory for its state, and addresses to listen on.
//
// Any thread. What is tried is undone at once.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "config/config.h"

namespace dcp::cmd {

// OK if files can be made in `dir`, or, as long as it is not there, `dir` where it belongs.
//   kFailedPrecondition  the message says why not
absl::Status CheckWritableDirectory(const std::string& dir);

// OK if the address can be listened on now; with port 0: any port of it.
//   kUnavailable         somebody listens there already
//   kFailedPrecondition  it is none of this machine's, or may not be used
absl::Status CheckListenAddress(const config::Endpoint& endpoint);

}  // namespace dcp::cmd
