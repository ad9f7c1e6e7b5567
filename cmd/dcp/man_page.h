// The manual page dcp(1), made of what the parser knows.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cmd/dcp/command_tree.h"

namespace dcp::cmd {

// In the macros of man(7).
std::string ManPage(const CommandNode& program, absl::string_view version);

}  // namespace dcp::cmd
