// What dcp is doing as one JSON object: /status. docs/http.md describes it.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "model/daemon_status.h"

namespace dcp::server {

// `now`: to tell ages.
std::string StatusJson(const model::DaemonStatus& status, absl::Time now);

// The same in one line, without what each check's last segments and samples were.
std::string StatusLine(const model::DaemonStatus& status, absl::Time now);

// An array of them, as in /status, in one line.
std::string SegmentsLine(const std::vector<model::SegmentActivity>& segments);

}  // namespace dcp::server
