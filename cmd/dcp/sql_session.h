// The barrier writer's SQL session, over mysql/.
#pragma once

#include "barrier/sql_executor.h"
#include "model/connection_options.h"

namespace dcp::cmd {

// A statement that the server does not answer within a few seconds ends as
// kUnavailable, so that stopping never waits for longer.
barrier::SqlOpener MakeSqlOpener(const model::ConnectionOptions& options);

}  // namespace dcp::cmd
