// What a service manager is told of how far the daemon is: systemd's Type=notify, one datagram each
// to the socket that the environment's NOTIFY_SOCKET names. Without one nothing happens.
//
// Thread-compatible.
#pragma once

#include "absl/status/status.h"

namespace dcp::cmd {

// "READY=1", "STOPPING=1".
//   kUnavailable  the service manager does not take it; dcp works without
absl::Status TellServiceManager(const char* state);

// The same, where a failure is a line of the log.
void SayReady();
void SayStopping();

}  // namespace dcp::cmd
