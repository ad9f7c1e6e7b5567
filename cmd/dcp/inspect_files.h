// The part of Inspect() that is about binlog files in place of servers.
#pragma once

#include "cmd/dcp/inspect.h"
#include "config/config.h"

namespace dcp::cmd {

// Adds the collectors that read files, the checks between them, and what is wrong with them. Reads
// the files once, and connects to the servers that are to tell of their tables.
void InspectFiles(const config::Config& config, Inspection* inspection);

}  // namespace dcp::cmd
