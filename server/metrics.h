// What dcp is doing in Prometheus' text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <string>

#include "absl/time/time.h"
#include "model/daemon_status.h"

namespace dcp::server {

// Labels are names of the configuration only, so that there are no more series than it asks for.
std::string MetricsText(const model::DaemonStatus& status, absl::Time now);

}  // namespace dcp::server
