// The ExecutedProbe of a server, on a session of its own that is opened when first
// asked, and again when it was lost. Thread-compatible.
#pragma once

#include <memory>

#include "collector/mysql/start_point.h"
#include "model/connection_options.h"

namespace dcp::cmd {

std::unique_ptr<collector::ExecutedProbe> MakeExecutedProbe(const model::ConnectionOptions& server,
                                                            bool mariadb);

}  // namespace dcp::cmd
