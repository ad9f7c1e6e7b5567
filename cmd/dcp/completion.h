// Completion of the command line in shells, made of what the parser knows.
#pragma once

#include <string>

#include "cmd/dcp/command_tree.h"

namespace dcp::cmd {

// For `source`, or a file in bash's directory of completions.
std::string BashCompletion(const CommandNode& program);
// The autoloaded function _dcp.
std::string ZshCompletion(const CommandNode& program);

}  // namespace dcp::cmd
