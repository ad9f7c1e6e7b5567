// `dcp generate`: what is made of the parser's own description of the command line.
#pragma once

#include <ostream>

#include "cmd/dcp/command_line.h"

namespace dcp::cmd {

// Returns the program's exit status.
int Generate(const GenerateCommand& command, std::ostream& out);

}  // namespace dcp::cmd
