// What dcp is doing as one JSON object: /status. docs/http.md describes it.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "model/daemon_status.h"

namespace dcp::server {

// `now`: to tell ages.
std::string StatusJson(const model::DaemonStatus& status, absl::Time now);

}  // namespace dcp::server
