// The ExecutedProbe of a server, on a session of its own that is opened when first
// asked, and again when it was lost. Thread-compatible.
//
// `patience`: how long the server may be silent, in whole seconds (rounded up).
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "collector/mysql/start_point.h"
#include "model/connection_options.h"

namespace dcp::cmd {

std::unique_ptr<collector::ExecutedProbe> MakeExecutedProbe(const model::ConnectionOptions& server,
                                                            bool mariadb, absl::Duration patience);

}  // namespace dcp::cmd
