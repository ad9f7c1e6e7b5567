// `dcp diffs`: the findings of a state directory, or of a running daemon, listed, shown, exported,
// and marked.
#pragma once

#include <iosfwd>

#include "absl/time/time.h"
#include "cmd/dcp/command_line.h"

namespace dcp::cmd {

// The exit status. `now`: by which rules end and marks are dated.
int Diffs(const DiffsCommand& command, absl::Time now, std::ostream& out, std::ostream& err);

}  // namespace dcp::cmd
