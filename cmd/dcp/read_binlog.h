// The work of `dcp binlog`, from the command line on.
#pragma once

#include "cmd/dcp/command_line.h"

namespace dcp::cmd {

// Returns the exit status. Installs handlers for SIGINT and SIGTERM.
int ReadBinlog(const BinlogCommand& command);

}  // namespace dcp::cmd
